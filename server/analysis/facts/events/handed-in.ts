/** Optimizers that a function or a class is handed: what they are is told where that is called, if at all. */
import type { Framework } from "../../frameworks/framework.ts";
import type { Expression } from "../../syntax/ast.ts";
import { type Binding, type Scope, Variable } from "../names/scope.ts";
import { declaredClasses } from "../values/declared.ts";
import type { Values } from "../values/values.ts";

/** Which calls of a function count, by the scopes that the two stand in. */
type Whereabouts = (call: Scope, callee: Scope) => boolean;

export const ANYWHERE: Whereabouts = () => true;
export const IN_ITS_MODULE: Whereabouts = (call, callee) => call.module === callee.module;

export class HandedIn {
  readonly #values: Values;
  readonly #frameworks: readonly Framework[];

  constructor(values: Values, frameworks: readonly Framework[]) {
    this.#values = values;
    this.#frameworks = frameworks;
  }

  /** The parameter of a function that nothing in this file calls. */
  isParameter({ bindings }: Variable): boolean {
    const [only, another] = bindings;
    return only?.kind === "parameter" && !another && this.#values.callers.of(only.scope).length === 0;
  }

  /** Handed to a constructor that nothing there calls: a wrapper of another module as likely as an optimizer. */
  isInjected({ owner, bindings }: Variable, there: Whereabouts): boolean {
    if (!owner || owner instanceof Variable || bindings.length === 0) return false;
    return bindings.every(
      (binding) => binding.kind === "value" && this.#comesFromOutside(assigned(binding), binding.scope, there, 0),
    );
  }

  /** Declared to be an optimizer of a library that has no way to tell it to clip: no wrapper of another module. */
  #isDeclared(source: Binding & { kind: "parameter" }): boolean {
    return declaredClasses(this.#values, source).some((name) =>
      this.#frameworks.some(({ optimizers, settings }) => !settings && optimizers?.test(name)),
    );
  }

  /** A parameter that no call there fills, or only with another such parameter. */
  #comesFromOutside(node: Expression, scope: Scope, there: Whereabouts, depth: number): boolean {
    if (node.kind !== "name" || depth > 4) return false;
    const [source] = scope.lookup(node.id)?.bindings ?? [];
    if (source?.kind !== "parameter" || this.#isDeclared(source)) return false;
    const sites = this.#values.callers.of(source.scope).filter((site) => there(site.scope, source.scope));
    return sites.every((site) => {
      const given = this.#values.callers.argumentFor(source, site.call, this.#values.frames.of(site.scope));
      return given !== null && given !== "default" && this.#comesFromOutside(given.node, given.scope, there, depth + 1);
    });
  }
}

/** What a target gets, where several are assigned at once. */
function assigned({ value, path }: Binding & { kind: "value" }): Expression {
  return path.reduce((whole, index) => (whole.kind === "sequence" ? (whole.elements[index] ?? whole) : whole), value);
}
