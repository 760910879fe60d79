/** Steps of gradient descent that a script writes itself, without an optimizer. */
import type { Expression, Parameter } from "../../syntax/ast.ts";
import { callsGiven } from "../names/passed-on.ts";
import type { CallSite, FunctionInfo, Scope } from "../names/scope.ts";
import type { Frame, Value } from "../values/value.ts";
import type { Values } from "../values/values.ts";
import type { OptimizerRef } from "./events.ts";

/** What is updated, in the place of an optimizer: nothing that could be told to clip. */
export function withoutOptimizer(values: Values, node: Expression, frame: Frame, scope: Scope): OptimizerRef {
  const nothing = { constructors: [], wholes: [], combined: [], named: null, configured: [], opaque: false };
  return { node, frame, scope, keys: new Set([`updated ${values.frames.id(node)}`]), ...nothing };
}

/** `lambda p, g: p - rate * g`: from the first parameter, a multiple of the second is subtracted. */
export function subtracts(value: Value): boolean {
  if (value.kind !== "function") return false;
  const { node, returns, owner } = value.info;
  const [updated, gradient, another] = node.parameters.slice(owner ? 1 : 0);
  const is = (expression: Expression, parameter: Parameter) =>
    expression.kind === "name" && expression.id === parameter.name;
  if (!updated || !gradient || another || returns.length === 0) return false;
  return returns.every((returned) => {
    if (returned.kind !== "binary" || returned.operator !== "-" || !is(returned.left, updated)) return false;
    return is(
      withoutRate(returned.right, (side) => is(side, gradient)),
      gradient,
    );
  });
}

/** `g` in `rate * g`. The rate is a name or a number: what is worked out there may depend on the gradient, and clip. */
export function withoutRate(node: Expression, isGradient: (side: Expression) => boolean): Expression {
  if (node.kind !== "binary" || node.operator !== "*") return node;
  const { left, right } = node;
  const [gradient, rate] = isGradient(left) ? [left, right] : [right, left];
  return isGradient(gradient) && isRate(rate) ? gradient : node;
}

function isRate(node: Expression): boolean {
  return node.kind === "number" || node.kind === "name" || (node.kind === "attribute" && isRate(node.object));
}

/**
 * Whether a gradient is taken through a function that holds the place: what is updated there is on the way to a loss (of
 * meta-learning, of an inner problem), and what trains is further out.
 */
export function isDifferentiated(values: Values, scope: Scope, givesGradient: (name: string) => boolean): boolean {
  const seen = new Set<FunctionInfo>();
  const isGiver = ({ call, scope: at }: CallSite) =>
    values
      .evaluate(call.callee, values.frames.of(at), at)
      .some((value) => value.kind === "external" && givesGradient(value.name));
  const through = (info: FunctionInfo): boolean => {
    if (seen.has(info)) return false;
    seen.add(info);
    const given = sitesGiven(values, info);
    return given.some(isGiver) || [...given, ...values.callers.of(info.scope)].some((site) => within(site.scope));
  };
  const within = (at: Scope): boolean =>
    (at.info !== null && through(at.info)) || (at.parent !== null && within(at.parent));
  return within(scope);
}

/** The calls that a function is handed to. */
function sitesGiven({ names }: Values, { node, name }: FunctionInfo): CallSite[] {
  if (node.kind !== "lambda") return callsGiven(name, names);
  return [...names.calls.values()].flat().filter(({ call }) => call.arguments.some(({ value }) => value === node));
}
