/** Which way a test goes in one activation, because the call that opened it gave `None` by name: `clip(parameters, None)`. */
import type { Call, Expression } from "../../syntax/ast.ts";
import type { Binding, Scope } from "../names/scope.ts";
import type { Frame } from "../values/value.ts";
import type { Values } from "../values/values.ts";

/** Null where it may go either way. What is left out says nothing: another call, elsewhere, may give it. */
export function outcomeOf(values: Values, test: Expression, frame: Frame, scope: Scope): boolean | null {
  if (test.kind === "unary" && test.operator === "not") {
    const inner = outcomeOf(values, test.operand, frame, scope);
    return inner === null ? null : !inner;
  }
  if (test.kind === "binary" && (test.operator === "is" || test.operator === "is not")) {
    const { right } = test;
    const asks = right.kind === "constant" && right.value === null && isGivenNone(values, test.left, frame, scope);
    return asks ? test.operator === "is" : null;
  }
  if (test.kind === "binary" && test.operator === "and") {
    const sides = [test.left, test.right].map((side) => outcomeOf(values, side, frame, scope));
    return sides.includes(false) ? false : null;
  }
  return isGivenNone(values, test, frame, scope) ? false : null;
}

function isGivenNone(values: Values, node: Expression, frame: Frame, scope: Scope): boolean {
  const variable = node.kind === "name" ? scope.lookup(node.id) : null;
  if (!variable?.scope) return false;
  const { call } = values.frames.for(variable.scope, frame);
  const parameters = variable.bindings.filter((binding) => binding.kind === "parameter");
  const [parameter, another] = parameters;
  if (!call || !parameter || another) return false;
  const rest = variable.bindings.filter((binding) => binding !== parameter);
  if (!rest.every((binding) => makesNumber(binding, variable.name))) return false;
  const passed = values.callers.argumentFor(parameter, call.call, values.frames.for(variable.scope, frame));
  return passed !== null && passed !== "default" && passed.node.kind === "constant" && passed.node.value === null;
}

/** `limit = float(limit)`: not what happens to `None`. */
function makesNumber(binding: Binding, name: string): boolean {
  if (binding.kind !== "value" || binding.value.kind !== "call") return false;
  const { callee, arguments: given }: Call = binding.value;
  const [first] = given;
  return (
    callee.kind === "name" && /^(float|int)$/.test(callee.id) && first?.value.kind === "name" && first.value.id === name
  );
}
