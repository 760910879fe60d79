/** Which variable an expression names: the identity of a model or an optimizer, whatever it holds. */
import type { Expression } from "../syntax/ast.ts";
import { BUILTINS } from "./builtins.ts";
import { type Scope, Variable } from "./scope.ts";
import type { Frame } from "./value.ts";
import type { Values } from "./values.ts";

export class Variables {
  readonly #values: Values;
  readonly #free = new Map<string, Variable>();

  constructor(values: Values) {
    this.#values = values;
  }

  /** The variable that a name or an attribute path means, with the frame that it lives in; parameters are followed to the caller's. */
  of(node: Expression, frame: Frame, scope: Scope = frame.scope): { variable: Variable; frame: Frame } | null {
    if (node.kind === "name") {
      const variable = scope.lookup(node.id);
      if (!variable)
        return BUILTINS.has(node.id) ? null : { variable: this.#unbound(node.id), frame: this.#values.frames.root };
      if (!variable.scope) return null;
      const at = this.#values.frames.for(variable.scope, frame);
      const only = variable.bindings.length === 1 ? variable.bindings[0] : undefined;
      if (only?.kind === "parameter" && at.call) {
        const argument = this.#values.callers.argumentFor(only, at.call.call, at);
        if (argument && argument !== "default")
          return this.of(argument.node, argument.frame ?? at.call.frame, argument.scope) ?? { variable, frame: at };
      }
      return { variable, frame: at };
    }
    if (node.kind === "attribute") {
      if (node.object.kind === "name") {
        const self = this.#values.evaluate(node.object, frame, scope).find((value) => value.kind === "instance");
        if (self?.kind === "instance") {
          const attribute = this.#values.members.attribute(self.info, node.name);
          if (attribute) return { variable: attribute, frame };
        }
      }
      const holder = this.of(node.object, frame, scope);
      return holder ? { variable: holder.variable.attribute(node.name), frame: holder.frame } : null;
    }
    return null;
  }

  /** A name that nothing here binds (a wildcard import, a notebook's earlier cell) still is one thing. */
  #unbound(name: string): Variable {
    let variable = this.#free.get(name);
    if (!variable) {
      variable = new Variable(name, null);
      this.#free.set(name, variable);
    }
    return variable;
  }
}
