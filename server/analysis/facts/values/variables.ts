/** Which variable an expression names: the identity of a model or an optimizer, whatever it holds. */
import type { Expression } from "../../syntax/ast.ts";
import { BUILTINS } from "../names/builtins.ts";
import type { Scope, Variable } from "../names/scope.ts";
import type { Frame } from "./value.ts";
import type { Values } from "./values.ts";

/** Modules may import a name from each other in a circle. */
const MAX_HOPS = 8;

interface Place {
  readonly variable: Variable;
  readonly frame: Frame;
}

export class Variables {
  readonly #values: Values;
  /** Attributes that are only read. */
  readonly #read = new Map<Variable, Map<string, Variable>>();

  constructor(values: Values) {
    this.#values = values;
  }

  /** The variable that a name or an attribute path means, with the frame that it lives in; parameters are followed to the caller's. */
  of(node: Expression, frame: Frame, scope: Scope = frame.scope): Place | null {
    if (node.kind === "name") {
      const variable = scope.lookup(node.id);
      if (!variable) return this.#unbound(node.id, scope);
      if (!variable.scope) return null;
      const at = this.#values.frames.for(variable.scope, frame);
      const only = variable.bindings.length === 1 ? variable.bindings[0] : undefined;
      if (only?.kind === "parameter" && at.call) {
        const argument = this.#values.callers.argumentFor(only, at.call.call, at);
        if (argument && argument !== "default")
          return this.of(argument.node, argument.frame ?? at.call.frame, argument.scope) ?? { variable, frame: at };
      }
      const imported = only?.kind === "import" ? this.#imported(only.name, only.scope) : null;
      return imported ?? { variable, frame: at };
    }
    if (node.kind === "attribute") {
      if (node.object.kind === "name") {
        const self = this.#values.evaluate(node.object, frame, scope).find((value) => value.kind === "instance");
        if (self?.kind === "instance") {
          const attribute = this.#values.members.attribute(self.info, node.name);
          if (attribute) return { variable: attribute, frame };
          // Set in a base that can't be seen: still one thing in all methods.
          if (scope.home.self === node.object.id) {
            const root = this.#values.members.root(self.info);
            return { variable: this.#values.identities.free(node.name, root), frame };
          }
        }
      }
      const imported = this.#member(node, frame, scope);
      if (imported) return imported;
      const holder = this.of(node.object, frame, scope);
      return holder && { variable: this.#attribute(holder.variable, node.name), frame: holder.frame };
    }
    return null;
  }

  /** The attribute of a variable, where something was seen to write it or to name it. */
  attribute(of: Variable, name: string): Variable | undefined {
    return of.attributes.get(name) ?? this.#read.get(of)?.get(name);
  }

  #attribute(of: Variable, name: string): Variable {
    const known = this.attribute(of, name);
    if (known) return known;
    const attribute = this.#values.identities.attribute(of, name);
    this.#note(of, name, attribute);
    return attribute;
  }

  #note(of: Variable, name: string, attribute: Variable): void {
    const others = this.#read.get(of);
    if (others) others.set(name, attribute);
    else this.#read.set(of, new Map([[name, attribute]]));
  }

  /** Takes over what others saw being read. */
  recall(others: Variables): void {
    for (const [of, attributes] of others.#read)
      for (const [name, attribute] of attributes) this.#note(of, name, attribute);
  }

  /** The variable of another module that an import names: the same one for all who import it. */
  #imported(name: string, scope: Scope): Place | null {
    const variable = this.#values.imports.variable(name, scope);
    return variable && this.#followed(variable);
  }

  #followed(variable: Variable): Place | null {
    let at = variable;
    for (let hops = 0; hops < MAX_HOPS; hops++) {
      const [only, another] = at.bindings;
      const next = only?.kind === "import" && !another ? this.#values.imports.variable(only.name, only.scope) : null;
      if (!next) return at.scope && { variable: at, frame: this.#values.frames.of(at.scope) };
      at = next;
    }
    return null;
  }

  /** `shared.model` of `import shared`. */
  #member(node: Expression & { kind: "attribute" }, frame: Frame, scope: Scope): Place | null {
    if (!this.#values.imports.areFollowed) return null;
    const [value, another] = this.#values.evaluate(node.object, frame, scope);
    if (another || value?.kind !== "external" || value.name.includes("(")) return null;
    return this.#imported(`${value.name}.${node.name}`, value.scope);
  }

  /** A name that nothing here binds (a wildcard import, a notebook's earlier cell) still is one thing. */
  #unbound(name: string, scope: Scope): Place | null {
    const imported = this.#values.imports.wildcardVariable(name, scope);
    const found = imported && this.#followed(imported);
    if (found || BUILTINS.has(name)) return found;
    return { variable: this.#values.identities.free(name), frame: this.#values.frames.root };
  }
}
