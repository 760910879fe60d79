/** What an object must be whose class can't be seen, by the methods that the file calls on it. */
import type { Expression } from "../../syntax/ast.ts";
import type { Scope, Variable } from "../names/scope.ts";
import type { Frame } from "./value.ts";
import type { Values } from "./values.ts";

const METHODS_OF_MODELS = ["parameters", "named_parameters", "state_dict", "zero_grad", "train", "eval"];
/** An engine of some library has an optimizer's methods, too, and clips as its configuration says. */
const METHODS_OF_NO_OPTIMIZER = ["backward", "parameters", "named_parameters", "train", "eval"];

interface Receiver {
  readonly object: Expression;
  readonly scope: Scope;
}

export class Usage {
  readonly #values: Values;
  readonly #called = new Map<string, ReadonlySet<Variable>>();
  #scalers: ReadonlySet<Variable> | null = null;

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

  /** It scales what is then gone back through: `scaler.scale(loss).backward()`. */
  isScaler(object: Expression, frame: Frame, scope: Scope): boolean {
    const found = this.#values.variables.of(object, frame, scope);
    this.#scalers ??= this.#variables(
      this.#sites("backward").flatMap(({ object: scaled, scope }) =>
        scaled.kind === "call" && scaled.callee.kind === "attribute" && scaled.callee.name === "scale"
          ? [{ object: scaled.callee.object, scope }]
          : [],
      ),
    );
    return found !== null && this.#scalers.has(found.variable);
  }

  /** The variables that a method is called on. */
  #on(method: string): ReadonlySet<Variable> {
    const known = this.#called.get(method);
    if (known) return known;
    // Asked for again while it is being worked out: nothing to add.
    this.#called.set(method, new Set());
    const variables = this.#variables(this.#sites(method));
    this.#called.set(method, variables);
    return variables;
  }

  /** What a method is called on. */
  #sites(method: string): Receiver[] {
    return (this.#values.names.calls.get(method) ?? []).flatMap(({ call: { callee }, scope }) =>
      callee.kind === "attribute" ? [{ object: callee.object, scope }] : [],
    );
  }

  #variables(receivers: readonly Receiver[]): ReadonlySet<Variable> {
    const found = receivers.map(({ object, scope }) =>
      this.#values.variables.of(object, this.#values.frames.of(scope), scope),
    );
    return new Set(found.flatMap((each) => (each ? [each.variable] : [])));
  }
}
