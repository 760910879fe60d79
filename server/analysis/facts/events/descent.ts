/** Steps of gradient descent that a script writes itself, without an optimizer. */
import { childrenOf, type Expression, type Parameter } from "../../syntax/ast.ts";
import { lastPart } from "../../syntax/call.ts";
import type { Descent } from "../names/descents.ts";
import { callsGiven } from "../names/passed-on.ts";
import type { Binding, CallSite, FunctionInfo, Scope } from "../names/scope.ts";
import type { Frame, Value } from "../values/value.ts";
import type { Values } from "../values/values.ts";
import type { OptimizerRef } from "./events.ts";

/** What is updated, in the place of an optimizer: nothing that could be told to clip. */
export function withoutOptimizer(values: Values, node: Expression, frame: Frame, scope: Scope): OptimizerRef {
  const nothing = { constructors: [], wholes: [], combined: [], named: null, configured: [] };
  const keys = new Set([`updated ${values.frames.id(node)}`]);
  return { node, frame, scope, keys, ...nothing, opaque: false, handedOver: false };
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

const MAX_DEPTH = 8;
const PARAMETERS = /^(named_)?parameters$/;
/** Functions that give what they are given, one by one. */
const GIVES_ALL = /^(list|tuple|iter|reversed|sorted|tqdm)$/;
/** What a gradient was measured by, or is to be bounded by. */
const SOUNDS_MEASURED = /norm|clip|clamp|coef|ratio|scale|grad/i;

/** A model's parameters are known to be gone through, and nothing that a step's length depends on may bound it. */
export function descends(values: Values, { through, rates }: Descent, frame: Frame, scope: Scope): boolean {
  return (
    areParameters(values, through, frame, scope, 0) && !rates.some((rate) => mayBound(values, rate, frame, scope, 0))
  );
}

function areParameters(values: Values, node: Expression, frame: Frame, scope: Scope, depth: number): boolean {
  if (depth > MAX_DEPTH) return false;
  const again = (next: Expression) => areParameters(values, next, frame, scope, depth + 1);
  if (node.kind === "call") {
    const [first, second] = node.arguments;
    const name = lastPart(node.callee);
    if (node.callee.kind === "attribute") return PARAMETERS.test(name);
    if (name === "filter") return second !== undefined && again(second.value);
    return GIVES_ALL.test(name) && first !== undefined && again(first.value);
  }
  if (node.kind === "comprehension") {
    const [clause, another] = node.clauses;
    const same = clause?.target.kind === "name" && node.element.kind === "name" && clause.target.id === node.element.id;
    return same && !another && again(clause.iterable);
  }
  const known = values.evaluate(node, frame, scope);
  if (known.length > 0 && known.every(areParametersOfKnown)) return true;
  const bound = bindingsOf(values, node, frame, scope);
  return bound.length > 0 && bound.every((place) => place && areParameters(values, ...place, depth + 1));
}

const areParametersOfKnown = (value: Value): boolean =>
  value.kind === "external" && /\.parameters\(\)$/.test(value.name);

function mayBound(values: Values, node: Expression, frame: Frame, scope: Scope, depth: number): boolean {
  if (depth > MAX_DEPTH || SOUNDS_MEASURED.test(lastPart(node.kind === "call" ? node.callee : node))) return true;
  if (childrenOf(node).some((part) => mayBound(values, part, frame, scope, depth + 1))) return true;
  const bound = bindingsOf(values, node, frame, scope);
  return bound.some((place) => place !== null && mayBound(values, ...place, depth + 1));
}

type PlaceOf = readonly [node: Expression, frame: Frame, scope: Scope];

/** What a name or an attribute is given, null for each that can't be told. */
function bindingsOf(values: Values, node: Expression, frame: Frame, scope: Scope): (PlaceOf | null)[] {
  const found = node.kind === "name" || node.kind === "attribute" ? values.variables.of(node, frame, scope) : null;
  if (!found) return [];
  const [holder] = node.kind === "attribute" ? values.evaluate(node.object, frame, scope) : [];
  const given = (binding: Binding): PlaceOf | null => {
    const entered = values.frames.for(binding.scope, found.frame);
    const within = holder?.kind === "instance" ? values.members.inConstructor(entered, holder, holder.info) : entered;
    if (binding.kind === "value") return binding.path.length > 0 ? null : [binding.value, within, binding.scope];
    if (binding.kind !== "parameter" || !within.call) return null;
    const passed = values.callers.argumentFor(binding, within.call.call, within);
    return passed && passed !== "default" ? [passed.node, passed.frame ?? within.call.frame, passed.scope] : null;
  };
  return found.variable.bindings.map(given);
}
