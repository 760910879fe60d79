/** What an import stands for where it names a module of the workspace. Frameworks are data, and never looked into. */
import type { Framework } from "../../frameworks/framework.ts";
import type { ImportedModule, Importer } from "../../workspace.ts";
import type { Names, Scope, Variable } from "../names/scope.ts";
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
  readonly #values: Values;
  readonly #importer: Importer | null;
  readonly #frameworks: readonly Framework[];
  readonly #roots: ReadonlySet<string>;
  /** Modules that were looked into, by their scope, in the order in which they were found. */
  readonly #modules = new Map<Scope, ImportedModule>();
  readonly #paths = new Set<string>();
  readonly #located = new Map<string, Exported | null>();
  readonly #following = new Set<Variable>();
  #thorough = false;

  constructor(values: Values, importer: Importer | null, frameworks: readonly Framework[]) {
    this.#values = values;
    this.#importer = importer;
    this.#frameworks = frameworks;
    this.#roots = rootsOf(frameworks);
  }

  /** False where a text is looked at on its own. */
  get areFollowed(): boolean {
    return this.#importer !== null;
  }

  isHere(scope: Scope): boolean {
    return this.#modules.size === 0 || scope.module === this.#values.names.module;
  }

  /** The names of the module that holds a scope. */
  namesIn(scope: Scope): Names {
    return this.#modules.get(scope.module)?.names ?? this.#values.names;
  }

  /** The linted file, and the modules that its own imports and their base classes lead to. */
  around(): readonly Names[] {
    const { names } = this.#values;
    if (!this.#importer) return [names];
    for (const { name, scope } of names.imports) this.#locate(name, scope);
    for (const name of names.module.wildcards) if (!this.isFramework(name)) this.#use(this.#module(name, names.module));
    // Grows on the way.
    for (const { names: imported } of this.#modules.values())
      for (const { node, scope } of imported.classes)
        for (const { value } of node.bases) this.#values.evaluate(value, this.#values.frames.around(scope));
    return [names, ...[...this.#modules.values()].map((module) => module.names)];
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
      (holder && isUnread(holder) && (holder.matters || holder.text.includes(last))) ||
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

  /** The same, be it in a module that by its text has nothing to do with training. */
  look(name: string, scope: Scope): Value[] {
    this.#thorough = true;
    try {
      return this.find(name, scope) ?? [];
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
    const key = `${this.#pathOf(scope)}\0${name}${this.#thorough ? "\0" : ""}`;
    const known = this.#located.get(key);
    if (known !== undefined) return known;
    // A name that a circle of re-exports leads back to is found nowhere.
    this.#located.set(key, null);
    const found = this.#search(name, scope);
    this.#located.set(key, found);
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
    if (module?.matters) this.#use(module);
    return null;
  }

  /** A name of a module, defined or imported there. A module that has nothing to do with training isn't parsed for it. */
  #exported(module: ImportedModule, name: string, from: Scope): Exported | null {
    // Some member of it (`getattr(module, name)`), or part of what a member returns.
    if (module.path === this.#pathOf(from) || !IDENTIFIER.test(name)) return null;
    const { text } = module;
    const wildcard = text.includes("import *");
    if (!wildcard && !text.includes(name)) return null;
    if (!this.#thorough && !module.matters && (defines(text, name) || !/\bimport\b/.test(text))) return null;
    const names = this.#use(module);
    if (!names) return null;
    const variable = names.module.variables.get(name);
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
    const { names } = module;
    if (this.#modules.has(names.module)) return names;
    if (this.#modules.size >= MAX_MODULES) return null;
    this.#modules.set(names.module, module);
    this.#paths.add(module.path);
    return names;
  }

  #pathOf(scope: Scope): string {
    return this.#modules.get(scope.module)?.path ?? this.#importer?.path ?? "";
  }

  isFramework(name: string): boolean {
    const root = name.split(/[.([]/, 1)[0] ?? name;
    return this.#roots.has(root) || this.#frameworks.some(({ optimizers }) => optimizers?.test(name));
  }
}

function rootsOf(frameworks: readonly Framework[]): Set<string> {
  const names = frameworks.flatMap(({ calls = {}, passThrough = {}, aliases = [] }) => [
    ...Object.keys(calls),
    ...Object.keys(passThrough),
    ...aliases.flat(),
  ]);
  return new Set(["builtins", ...names.map((name) => name.split(/[.(]/, 1)[0] ?? name)]);
}

function defines(text: string, name: string): boolean {
  return new RegExp(`^(?:class|def|async def) ${name}\\b|^${name}\\s*[:=]`, "m").test(text);
}

/** Nothing that the qualified name would not say as well. */
const saysNothing = (value: Value) =>
  value.kind === "unknown" || (value.kind === "external" && value.name.startsWith("."));
