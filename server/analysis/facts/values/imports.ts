/** What an import stands for where it names a module of the workspace. Frameworks are data, and never looked into. */
import type { Framework } from "../../frameworks/framework.ts";
import type { ImportedModule, Importer } from "../../workspace.ts";
import { readsOf } from "../names/reads.ts";
import type { Names, Scope, Variable } from "../names/scope.ts";
import { once, onceAWord } from "../once.ts";
import type { Value } from "./value.ts";
import type { Values } from "./values.ts";

/** How many modules are parsed for one file; what lies beyond is not followed. */
const MAX_MODULES = 48;

const IDENTIFIER = /^[\p{L}\p{N}_]+$/u;

/** A variable of another module, and the attributes that are taken of it. */
interface Exported {
  readonly variable: Variable;
  readonly rest: readonly string[];
}

export class Imports {
  /** A name is a framework's, by what it starts with or as an optimizer. */
  readonly isFramework: (name: string) => boolean;
  readonly #values: Values;
  readonly #importer: Importer | null;
  /** Modules that were looked into, by their scope, in the order in which they were found. */
  readonly #modules = new Map<Scope, ImportedModule>();
  readonly #paths = new Set<string>();
  readonly #names = new Map<ImportedModule, Names>();
  readonly #located = new Map<Scope, Map<string, Exported | null>>();
  readonly #thoroughly = new Map<Scope, Map<string, Exported | null>>();
  readonly #following = new Set<Variable>();
  #thorough = false;

  constructor(values: Values, importer: Importer | null, frameworks: readonly Framework[]) {
    this.#values = values;
    this.#importer = importer;
    this.isFramework = namesOfFrameworks(frameworks);
  }

  /** False where a text is looked at on its own. */
  get areFollowed(): boolean {
    return this.#importer !== null;
  }

  /** No other module was looked into. */
  get isAlone(): boolean {
    return this.#modules.size === 0;
  }

  isHere(scope: Scope): boolean {
    return this.#modules.size === 0 || scope.module === this.#values.names.module;
  }

  /** The names of the module that holds a scope. */
  namesIn(scope: Scope): Names {
    const module = this.#modules.get(scope.module);
    return (module && this.#names.get(module)) ?? this.#values.names;
  }

  /** The linted file, and the modules that its own imports and their base classes lead to. */
  around(): readonly Names[] {
    const { names } = this.#values;
    // What is watched imports nothing of the workspace.
    if (!this.#importer || readsOf(names)) return [names];
    for (const { name, scope } of names.imports) this.#locate(name, scope);
    for (const name of names.module.wildcards) if (!this.isFramework(name)) this.#use(this.#module(name, names.module));
    // Grows on the way.
    for (const imported of this.#names.values())
      for (const { node, scope } of imported.classes)
        for (const { value } of node.bases) this.#values.evaluate(value, this.#values.frames.around(scope));
    return [names, ...this.#names.values()];
  }

  /** By its text, a module that an import names may have to do with training. Not of those whose names are known already. */
  mayMatter(name: string, scope: Scope): boolean {
    if (!this.#importer || this.isFramework(name)) return false;
    const dot = name.lastIndexOf(".");
    const last = name.slice(dot + 1);
    const from = /[^.]\./.test(name) ? name.slice(0, dot) : name.slice(0, dot + 1);
    const holder = from && this.#module(from, scope);
    const module = this.#module(name, scope);
    const isUnread = (found: ImportedModule | null | "") => found && !this.#paths.has(found.path);
    return (
      (holder && isUnread(holder) && (holder.matters || holder.mentions(last))) ||
      (module?.matters === true && isUnread(module) === true)
    );
  }

  /** The module or the name in it that is imported may lie in the workspace. */
  isAround(name: string, scope: Scope): boolean {
    if (!this.#importer || this.isFramework(name)) return false;
    return (
      name.startsWith(".") || [name, name.slice(0, name.lastIndexOf("."))].some((at) => at && this.#module(at, scope))
    );
  }

  /** The values of a qualified name as `scope`'s module imports it; null where no module of the workspace tells more. */
  find(name: string, scope: Scope): Value[] | null {
    const found = this.#locate(name, scope);
    return found && this.#evaluate(found);
  }

  /** The same, be it in a module that by its text has nothing to do with training; the methods of its classes, too. */
  look(name: string, scope: Scope): Value[] {
    const [, made, member] = /^([^()]+)\(\)\.([^.()]+)$/.exec(name) ?? [];
    return this.#inAllModules(() => {
      if (made === undefined || member === undefined) return this.find(name, scope) ?? [];
      return (this.find(made, scope) ?? []).flatMap((value): Value[] =>
        value.kind === "class"
          ? this.#values.members.of({ ...value, kind: "instance", call: null, scope: value.info.scope }, member)
          : [],
      );
    });
  }

  lookWildcard(name: string, scope: Scope): Value[] {
    return this.#inAllModules(() => this.findWildcard(name, scope) ?? []);
  }

  #inAllModules<Found>(find: () => Found): Found {
    this.#thorough = true;
    try {
      return find();
    } finally {
      this.#thorough = false;
    }
  }

  /** What a name that nothing binds stands for by `from m import *`. */
  findWildcard(name: string, scope: Scope): Value[] | null {
    const found = this.#importer && this.#locateWildcard(name, scope.module);
    return found && this.#evaluate(found);
  }

  /** The variable of another module that a name is bound to by an import. */
  variable(name: string, scope: Scope): Variable | null {
    const found = this.#locate(name, scope);
    return found?.rest.length === 0 ? found.variable : null;
  }

  wildcardVariable(name: string, scope: Scope): Variable | null {
    return (this.#importer && this.#locateWildcard(name, scope.module)?.variable) ?? null;
  }

  #evaluate({ variable, rest }: Exported): Value[] | null {
    const { scope } = variable;
    // Modules that import a name from each other.
    if (!scope || this.#following.has(variable)) return null;
    this.#following.add(variable);
    try {
      let values = this.#values.variable(variable, this.#values.frames.of(scope));
      for (const name of rest) values = values.flatMap((value) => this.#values.members.of(value, name));
      return values.every(saysNothing) ? null : values;
    } finally {
      this.#following.delete(variable);
    }
  }

  #locate(name: string, scope: Scope): Exported | null {
    if (!this.#importer || name.includes("(") || this.isFramework(name)) return null;
    const all = this.#thorough ? this.#thoroughly : this.#located;
    let located = all.get(scope.module);
    if (!located) {
      located = new Map();
      all.set(scope.module, located);
    }
    const known = located.get(name);
    if (known !== undefined) return known;
    // A name that a circle of re-exports leads back to is found nowhere.
    located.set(name, null);
    const found = this.#search(name, scope);
    located.set(name, found);
    return found;
  }

  #search(name: string, scope: Scope): Exported | null {
    const dots = /^\.*/.exec(name)?.[0] ?? "";
    const parts = name.slice(dots.length).split(".");
    let module = dots ? this.#module(dots, scope) : null;
    for (const [index, part] of parts.entries()) {
      const found = module && this.#exported(module, part, scope);
      if (found) return { variable: found.variable, rest: [...found.rest, ...parts.slice(index + 1)] };
      module = this.#module(dots + parts.slice(0, index + 1).join("."), scope);
    }
    if (module && (module.matters || this.#thorough)) this.#use(module);
    return null;
  }

  /** A name of a module, defined or imported there. A module that has nothing to do with training isn't parsed for it. */
  #exported(module: ImportedModule, name: string, from: Scope): Exported | null {
    // Some member of it (`getattr(module, name)`), or part of what a member returns.
    if (module.path === this.#pathOf(from) || !IDENTIFIER.test(name)) return null;
    if (!module.importsAll && !module.mentions(name)) return null;
    if (!this.#thorough && !module.matters && !module.mayPassOn(name)) return null;
    const names = this.#use(module);
    if (!names) return null;
    const variable = names.module.own(name);
    if (variable && variable.bindings.length + variable.contents.length > 0) return { variable, rest: [] };
    return this.#locateWildcard(name, names.module);
  }

  #locateWildcard(name: string, module: Scope): Exported | null {
    if (name.startsWith("_")) return null;
    for (const from of module.wildcards) {
      const found = this.#locate(from.endsWith(".") ? from + name : `${from}.${name}`, module);
      if (found) return found;
    }
    return null;
  }

  #module(name: string, scope: Scope): ImportedModule | null {
    return this.#importer?.module(name, this.#pathOf(scope)) ?? null;
  }

  /** The names of a module, where they may still be read. */
  #use(module: ImportedModule | null): Names | null {
    if (!module) return null;
    if (module.path === this.#importer?.path) return this.#values.names;
    const known = this.#names.get(module);
    if (known || this.#names.size >= MAX_MODULES) return known ?? null;
    const { names } = module;
    this.#names.set(module, names);
    this.#modules.set(names.module, module);
    this.#paths.add(module.path);
    return names;
  }

  #pathOf(scope: Scope): string {
    return this.#modules.get(scope.module)?.path ?? this.#importer?.path ?? "";
  }
}

const namesOfFrameworks = once((frameworks: readonly Framework[]) => {
  const roots = rootsOf(frameworks);
  return onceAWord((name) => {
    const root = name.split(/[.([]/, 1)[0] ?? name;
    return roots.has(root) || frameworks.some(({ optimizers }) => optimizers?.test(name));
  });
});

function rootsOf(frameworks: readonly Framework[]): Set<string> {
  const names = frameworks.flatMap(({ calls = {}, passThrough = {}, aliases = [] }) => [
    ...Object.keys(calls),
    ...Object.keys(passThrough),
    ...aliases.flat(),
  ]);
  return new Set(["builtins", ...names.map((name) => name.split(/[.(]/, 1)[0] ?? name)]);
}

/** Nothing that the qualified name would not say as well. */
const saysNothing = (value: Value) =>
  value.kind === "unknown" || (value.kind === "external" && value.name.startsWith("."));
