/** What an object must be whose class can't be seen, by the methods that the file calls on it. */
import type { Expression } from "../../syntax/ast.ts";
import { callsOf, scaledBy, scalerOf } from "../names/called-on.ts";
import { listed, unwatched } from "../names/reads.ts";
import type { CallSite, Scope, Variable } from "../names/scope.ts";
import type { Frame } from "./value.ts";
import type { Values } from "./values.ts";

const METHODS_OF_MODELS = ["parameters", "named_parameters", "state_dict", "zero_grad", "train", "eval"];
/** An engine of some library has an optimizer's methods, too, and clips as its configuration says. */
const METHODS_OF_NO_OPTIMIZER = ["backward", "parameters", "named_parameters", "train", "eval"];

export class Usage {
  readonly #values: Values;
  /** By the method, and by how it is called. */
  readonly #known = new Map<string, Map<Variable, boolean>>();

  constructor(values: Values) {
    this.#values = values;
  }

  isModel(variable: Variable): boolean {
    return METHODS_OF_MODELS.some((method) => this.#isCalled(method, variable));
  }

  /** It clears gradients and steps: no scheduler, environment or profiler does both. */
  isOptimizer(object: Expression, frame: Frame, scope: Scope): boolean {
    const variables = [frame, this.#values.frames.of(scope)].flatMap((at) => {
      const found = this.#values.variables.of(object, at, scope);
      return found ? [found.variable] : [];
    });
    return (
      variables.some((variable) => this.#isCalled("zero_grad", variable) && this.#isCalled("step", variable)) &&
      !variables.some((variable) => METHODS_OF_NO_OPTIMIZER.some((method) => this.#isCalled(method, variable)))
    );
  }

  /** It scales what is then gone back through: `scaler.scale(loss).backward()`. */
  isScaler(object: Expression, frame: Frame, scope: Scope): boolean {
    const found = this.#values.variables.of(object, frame, scope);
    return found !== null && this.#isCalled("backward", found.variable, scaledBy);
  }

  /** A method is called on the variable, or on what is made of it. */
  #isCalled(method: string, variable: Variable, made?: typeof scaledBy): boolean {
    const key = made ? made(method) : method;
    let known = this.#known.get(key);
    if (!known) {
      known = new Map();
      this.#known.set(key, known);
    }
    let is = known.get(variable);
    if (is === undefined) {
      is = this.#sites(method, variable, made).some(
        ({ call: { callee }, scope }) =>
          callee.kind === "attribute" && this.#isIt(variable, callee.object, scope, made),
      );
      known.set(variable, is);
    }
    return is;
  }

  #isIt(variable: Variable, object: Expression, scope: Scope, made?: typeof scaledBy): boolean {
    const named = made ? scalerOf(object) : object;
    const found = named && this.#values.variables.of(named, this.#values.frames.of(scope), scope);
    return found?.variable === variable;
  }

  /** The calls that may be on the variable. */
  #sites(method: string, variable: Variable, made?: typeof scaledBy): readonly CallSite[] {
    const { names, imports } = this.#values;
    const { scope, owner, name } = variable;
    // Another module's goes by the name that it is imported as.
    if (scope && (imports.areFollowed ? scope.kind === "module" : !imports.isHere(scope)))
      return names.calls.get(method) ?? [];
    const receiver = made ? made(name) : name;
    // Seen from its function alone, and so of the same statement.
    if (!owner && (scope?.kind === "function" || scope?.kind === "comprehension"))
      return listed(unwatched(names), callsOf(method), receiver).filter((site) => isWithin(site.scope, scope));
    return listed(names, callsOf(method), receiver);
  }
}

function isWithin(scope: Scope, outer: Scope): boolean {
  for (let at: Scope | null = scope; at; at = at.parent) if (at === outer) return true;
  return false;
}
