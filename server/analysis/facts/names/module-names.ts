/** The names of a text that is edited: put together anew after each edit from what its top-level statements add. */
import type { Statement } from "../../syntax/ast.ts";
import { collectPart } from "./collect.ts";
import { Gathered, type Part, put, type Write } from "./part.ts";
import { same } from "./reads.ts";
import { type CallSite, type Names, Scope, type Variable } from "./scope.ts";

/** Names that are gone. */
const MOST_FORMER = 100;

export class ModuleNames {
  /** One for all versions of the text, since what is kept of a statement lies in it; its content is each version's own. */
  readonly #module = new Scope("module", null);
  readonly #body: Statement[] = [];
  readonly #parts = new WeakMap<Statement, Part>();
  /** By name, as they were last: one that comes to be the same again is the same object. */
  readonly #variables = new Map<string, Variable>();
  readonly #calls = new Gathered<CallSite>();
  /** Of all nodes that there ever were: which of them are left, nobody asks. */
  readonly #scopes = new WeakMap<object, Scope>();

  /** Names that were given before don't hold any more. */
  of(statements: readonly Statement[]): Names {
    const module = this.#module;
    const body = this.#body;
    module.clear();
    body.length = 0;
    for (const statement of statements) body.push(statement);
    const parts = body.map((statement) => this.#partOf(statement));
    const later: Write[] = [];
    for (const { module: own } of parts) {
      module.wildcards.push(...own.wildcards);
      for (const name of own.outer) module.outer.add(name);
      for (const write of own.writes) {
        if (write.ifBound) later.push(write);
        else put(variableAt(module, write.path), write.written);
      }
    }
    for (const { path, written } of later) if (module.variables.has(path[0])) put(variableAt(module, path), written);
    for (const name of module.variables.keys()) module.variables.set(name, this.#kept(module.variables.get(name)!));
    if (this.#variables.size > 2 * module.variables.size + MOST_FORMER)
      for (const name of this.#variables.keys()) if (!module.variables.has(name)) this.#variables.delete(name);
    return {
      module,
      parts,
      functions: parts.flatMap(({ functions }) => functions),
      classes: parts.flatMap(({ classes }) => classes),
      calls: withAliases(this.#calls.of(parts.map(({ calls }) => calls)), parts),
      imports: parts.flatMap(({ imports }) => imports),
      wildcards: parts.flatMap(({ wildcards }) => wildcards),
      changesGradients: parts.flatMap(({ changesGradients }) => [...changesGradients]),
      scopes: this.#scopes,
    };
  }

  #kept(variable: Variable): Variable {
    const former = this.#variables.get(variable.name);
    if (former && isSame(former, variable)) return former;
    this.#variables.set(variable.name, variable);
    return variable;
  }

  #partOf(statement: Statement): Part {
    let part = this.#parts.get(statement);
    if (!part) {
      part = collectPart(statement, this.#module, this.#body);
      this.#parts.set(statement, part);
      for (const [node, scope] of part.scopes) this.#scopes.set(node, scope);
    }
    return part;
  }
}

function variableAt(module: Scope, [name, ...attributes]: Write["path"]): Variable {
  return attributes.reduce((variable, attribute) => variable.attribute(attribute), module.variable(name));
}

/** The same is written to both. */
function isSame(a: Variable, b: Variable): boolean {
  return (
    same(a.bindings, b.bindings) &&
    a.contents.length === b.contents.length &&
    a.contents.every(({ binding, key }, at) => b.contents[at]?.binding === binding && b.contents[at]?.key === key) &&
    a.attributes.size === b.attributes.size &&
    (a.attributes.size === 0 ||
      [...b.attributes].every(([name, attribute]) => {
        const former = a.attributes.get(name);
        return former !== undefined && isSame(former, attribute);
      }))
  );
}

function withAliases(calls: Names["calls"], parts: readonly Part[]): Names["calls"] {
  // Names may be given again and again, and to each other (`a = b`, `b = a`): a site counts once.
  const renamed = new Map<string, Set<CallSite>>();
  for (const { aliases } of parts)
    for (const { local, original } of aliases) {
      const sites = local === original ? undefined : (renamed.get(local) ?? calls.get(local));
      if (!sites) continue;
      const all = renamed.get(original) ?? new Set(calls.get(original));
      for (const site of sites) all.add(site);
      renamed.set(original, all);
    }
  if (renamed.size === 0) return calls;
  const all = new Map(calls);
  for (const [name, sites] of renamed) all.set(name, [...sites]);
  return all;
}
