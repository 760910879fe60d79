/** Gradients that are all divided or multiplied by one amount that was there before them: their mean, and no bound on it. */
import type { Expression, Statement } from "../../syntax/ast.ts";
import { lastPart } from "../../syntax/call.ts";
import { factorOfGrad } from "../names/by-hand.ts";
import type { Scope } from "../names/scope.ts";
import type { Frame, Value } from "../values/value.ts";
import type { Values } from "../values/values.ts";

const MAX_DEPTH = 8;
/** Functions that count, whatever they are given, and functions of numbers. */
const COUNTS = /^(len|get_world_size|world_size|device_count|size|numel)$/;
const OF_NUMBERS = /^(float|int|max|min|round|abs|sqrt|pow)$/;
/** Told before the training began: `os.environ["WORLD_SIZE"]`. */
const OF_ENVIRONMENT = /^os\.(environ|getenv)\b/;
/** An option that is called so may be what somebody clips by. */
const SOUNDS_MEASURED = /norm|clip|coef|scale|ratio|grad(?!.*acc)/i;

/** The amount is known to come from no gradient: a number, a count, an option of the script. */
export function averages(values: Values, node: Expression, statement: Statement, frame: Frame, scope: Scope): boolean {
  const factor = factorOfGrad(node, statement);
  return factor !== null && isGiven(values, factor, frame, scope, 0);
}

function isGiven(values: Values, node: Expression, frame: Frame, scope: Scope, depth: number): boolean {
  if (depth > MAX_DEPTH) return false;
  const again = (part: Expression) => isGiven(values, part, frame, scope, depth + 1);
  switch (node.kind) {
    case "number":
      return node.value !== 0;
    case "unary":
      return again(node.operand);
    case "binary":
      return again(node.left) && again(node.right);
    case "call": {
      const name = lastPart(node.callee);
      if (COUNTS.test(name)) return true;
      if (OF_NUMBERS.test(name)) return node.arguments.every(({ value }) => again(value));
      return name.startsWith("get") && values.evaluate(node, frame, scope).every(isOfEnvironment);
    }
    case "name":
    case "attribute":
    case "subscript":
      return isOption(node, scope) || areGiven(values, values.evaluate(node, frame, scope), depth);
    default:
      return false;
  }
}

function areGiven(values: Values, found: readonly Value[], depth: number): boolean {
  const known = found.filter(({ kind }) => kind !== "unknown");
  if (known.length === 0) return false;
  // The default of what may be given as anything says what is counted only if it is a count.
  if (known.length < found.length) return known.every(isCount);
  return known.every((value) => {
    if (value.kind === "literal") return isGiven(values, value.node, value.frame, value.scope, depth + 1);
    if (isOfEnvironment(value)) return true;
    if (value.kind !== "external") return false;
    if (value.call && value.name.endsWith("()"))
      return isGiven(values, value.call, value.frame, value.scope, depth + 1);
    return value.name.startsWith("argparse.") && !SOUNDS_MEASURED.test(value.name);
  });
}

const isOfEnvironment = (value: Value) => value.kind === "external" && OF_ENVIRONMENT.test(value.name);

const isCount = (value: Value) =>
  value.kind === "literal" &&
  value.node.kind === "number" &&
  Number.isInteger(value.node.value) &&
  value.node.value > 1;

/** `config.solver.batches`: a member of something that a function is given, or that is imported. */
function isOption(node: Expression, scope: Scope): boolean {
  if (node.kind !== "attribute" || SOUNDS_MEASURED.test(node.name)) return false;
  let at: Expression = node;
  while (at.kind === "attribute") at = at.object;
  if (at.kind !== "name" || at.id === scope.home.self) return false;
  const bindings = scope.lookup(at.id)?.bindings ?? [];
  return bindings.length > 0 && bindings.every(({ kind }) => kind === "parameter" || kind === "import");
}
