/** What an object must be whose class can't be seen, by the methods that the file calls on it. */
import type { Expression } from "../syntax/ast.ts";
import type { Scope, Variable } from "./scope.ts";
import type { Frame } from "./value.ts";
import type { Values } from "./values.ts";

const METHODS_OF_MODELS = ["parameters", "named_parameters", "state_dict", "zero_grad", "train", "eval"];
/** An engine of some library has an optimizer's methods, too, and clips as its configuration says. */
const METHODS_OF_NO_OPTIMIZER = ["backward", "parameters", "named_parameters", "train", "eval"];

export class Usage {
  readonly #values: Values;
  readonly #called = new Map<string, ReadonlySet<Variable>>();

  constructor(values: Values) {
    this.#values = values;
  }

  isModel(variable: Variable): boolean {
    return METHODS_OF_MODELS.some((method) => this.#on(method).has(variable));
  }

  /** It clears gradients and steps: no scheduler, environment or profiler does both. */
  isOptimizer(object: Expression, frame: Frame, scope: Scope): boolean {
    const variables = [frame, this.#values.frames.of(scope)].flatMap((at) => {
      const found = this.#values.variables.of(object, at, scope);
      return found ? [found.variable] : [];
    });
    return (
      variables.some((variable) => this.#on("zero_grad").has(variable) && this.#on("step").has(variable)) &&
      !variables.some((variable) => METHODS_OF_NO_OPTIMIZER.some((method) => this.#on(method).has(variable)))
    );
  }

  /** The variables that a method is called on. */
  #on(method: string): ReadonlySet<Variable> {
    const known = this.#called.get(method);
    if (known) return known;
    const variables = new Set<Variable>();
    this.#called.set(method, variables);
    for (const { call, scope } of this.#values.names.calls.get(method) ?? []) {
      if (call.callee.kind !== "attribute") continue;
      const found = this.#values.variables.of(call.callee.object, this.#values.frames.of(scope), scope);
      if (found) variables.add(found.variable);
    }
    return variables;
  }
}
