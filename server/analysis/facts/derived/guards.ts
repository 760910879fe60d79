/** The conditions under which an expression is reached, and what they say of a value that they test. */
import {
  type Block,
  blocksOf,
  childrenOf,
  type Expression,
  expressionsOf,
  type Statement,
  textOf,
} from "../../syntax/ast.ts";
import type { ClipEvent, Seen } from "../events/events.ts";
import { type Facts, sourceOf } from "../facts.ts";
import type { Scope, Variable } from "../names/scope.ts";
import { once } from "../once.ts";
import type { Frame } from "../values/value.ts";
import { topLevel } from "./enclosing.ts";

const MAX_CALLS = 8;
const MAX_STEPS = 6;

export interface Guard {
  /** Null where it can't be read (a `match`). */
  readonly test: Expression | null;
  /** Whether the test holds, or fails, where the expression is reached. */
  readonly holds: boolean;
  readonly frame: Frame;
  readonly scope: Scope;
}

type Condition = Pick<Guard, "test" | "holds">;
type Constant = number | boolean | string | null;
/** What a test is asked about: this expression, if it were this value. */
export interface Supposed {
  readonly subject: Seen;
  readonly value: number | null;
}

/** The tests on the way to an expression, those around the calls that lead to its function among them. */
export function guardsOf(facts: Facts, { node, frame, scope }: Seen): Guard[] {
  const guards: Guard[] = [];
  let at: Seen | null = { node, frame, scope };
  for (let depth = 0; at && depth < MAX_CALLS; depth++) {
    const { frame: within, scope: inside }: Seen = at;
    // What called it from another module may have had any reason to.
    const isHere = facts.values.imports.isHere(inside);
    const conditions = isHere ? conditionsAt(facts, at.node) : [{ test: null, holds: true }];
    for (const condition of conditions) guards.push({ ...condition, frame: within, scope: inside });
    const { call }: Frame = facts.values.frames.for(inside, within);
    at = call && { node: call.call, frame: call.frame, scope: call.scope };
  }
  return guards;
}

const within = (outer: Statement | Expression, inner: Expression) =>
  outer.anchor === inner.anchor && outer.start <= inner.start && inner.end <= outer.end;

function conditionsAt({ statements }: Facts, node: Expression): readonly Condition[] {
  const index = topLevel(statements).get(node.anchor) ?? -1;
  const statement = statements[index];
  if (!statement) return [];
  return isEntered(statement) ? conditionsWhereCalled(statement)(node) : conditionsAmong(statements, index, node, []);
}

/** A definition is entered by being called, whatever stands before it. */
const isEntered = ({ kind }: Statement) => kind === "function" || kind === "class";
const conditionsWhereCalled = once((statement: Statement) =>
  once((node: Expression) => conditionsAmong([statement], 0, node, [])),
);

const conditionsIn = (block: Block, node: Expression, around: readonly Condition[]) =>
  conditionsAmong(
    block,
    block.findIndex((statement) => within(statement, node)),
    node,
    around,
  );

function conditionsAmong(block: Block, index: number, node: Expression, around: readonly Condition[]): Condition[] {
  const statement = block[index];
  if (!statement) return [...around];
  const known = isEntered(statement) ? [] : [...around, ...block.slice(0, index).flatMap(leftBehind)];
  const inner = blocksOf(statement).findIndex((each) => each.some((child) => within(child, node)));
  const entered = blocksOf(statement)[inner];
  if (!entered) return [...known, ...expressionsOf(statement).flatMap((whole) => conditionsWithin(whole, node))];
  if (statement.kind === "if") known.push({ test: statement.test, holds: inner === 0 });
  if (statement.kind === "match") known.push({ test: null, holds: true });
  return conditionsIn(entered, node, known);
}

/** What is known after `if …: return`, or after `assert …`. */
function leftBehind(statement: Statement): Condition[] {
  if (statement.kind === "if") {
    if (leaves(statement.body)) return [{ test: statement.test, holds: false }];
    return leaves(statement.otherwise) ? [{ test: statement.test, holds: true }] : [];
  }
  const [asserted] = statement.kind === "other" ? statement.children : [];
  return asserted && textOf(statement).startsWith("assert") ? [{ test: asserted, holds: true }] : [];
}

function leaves(block: Block): boolean {
  const last = block.at(-1);
  return last?.kind === "return" || last?.kind === "jump";
}

/** `clip(…) if args.clip else None`, `args.clip and clip(…)`. */
function conditionsWithin(expression: Expression, node: Expression): Condition[] {
  if (expression === node || !within(expression, node)) return [];
  const conditions: Condition[] = [];
  if (expression.kind === "conditional" && !within(expression.test, node))
    conditions.push({ test: expression.test, holds: within(expression.body, node) });
  if (expression.kind === "binary" && within(expression.right, node) && /^(and|or)$/.test(expression.operator))
    conditions.push({ test: expression.left, holds: expression.operator === "and" });
  return [...conditions, ...childrenOf(expression).flatMap((child) => conditionsWithin(child, node))];
}

/** Whether a guard lets a value of what it tests through; null where that can't be told. */
export function passes(facts: Facts, guard: Guard, supposed: Supposed): boolean | null {
  if (!guard.test) return null;
  const result = compute(facts, { ...guard, node: guard.test }, supposed, 0);
  return result === undefined ? null : isTrue(result) === guard.holds;
}

/** The parts of a test of which each must hold (or fail) by itself. */
export function partsOf(guard: Guard): Guard[] {
  const { test, holds } = guard;
  if (test?.kind === "unary" && test.operator === "not")
    return partsOf({ ...guard, test: test.operand, holds: !holds });
  if (test?.kind === "binary" && test.operator === (holds ? "and" : "or"))
    return [test.left, test.right].flatMap((part) => partsOf({ ...guard, test: part }));
  return [guard];
}

/** The test asks about nothing but the threshold: `if args.clip > 0:` around a clip to `args.clip`. */
export function asksOnlyForThreshold(facts: Facts, { test, frame, scope }: Guard, clip: ClipEvent): boolean {
  if (!clip.threshold || !test) return false;
  const given = variablesIn(facts, { ...clip, node: clip.threshold });
  return variablesIn(facts, { node: test, frame, scope }).every((variable) => variable && given.includes(variable));
}

export function variablesIn(facts: Facts, seen: Seen): (Variable | null)[] {
  const { node, frame, scope } = seen;
  if (node.kind === "name" || node.kind === "attribute")
    return [facts.values.variables.of(node, frame, scope)?.variable ?? null];
  return childrenOf(node).flatMap((child) => variablesIn(facts, { ...seen, node: child }));
}

export function mentions(facts: Facts, guard: Guard, subject: Seen): boolean {
  const visit = (node: Expression): boolean =>
    isSame(facts, { ...guard, node }, subject) || childrenOf(node).some(visit);
  return guard.test !== null && visit(guard.test);
}

const isTrue = (value: Constant) => value !== null && value !== false && value !== 0 && value !== "";

function compute(facts: Facts, seen: Seen, supposed: Supposed, depth: number): Constant | undefined {
  const { node } = seen;
  if (depth > MAX_STEPS) return undefined;
  if (isSame(facts, seen, supposed.subject)) return supposed.value;
  const inner = (next: Expression) => compute(facts, { ...seen, node: next }, supposed, depth + 1);
  switch (node.kind) {
    case "number":
    case "constant":
    case "string":
      return node.value;
    case "unary": {
      const value = inner(node.operand);
      if (value === undefined) return undefined;
      if (node.operator === "not") return !isTrue(value);
      return node.operator === "-" && typeof value === "number" ? -value : undefined;
    }
    case "binary":
      return computeBinary(node.operator, inner(node.left), () => inner(node.right));
    case "call": {
      const [only, another] = node.arguments;
      const converts = node.callee.kind === "name" && /^(float|int|bool)$/.test(node.callee.id);
      return converts && only && !another ? inner(only.value) : undefined;
    }
    case "name":
    case "attribute": {
      const behind = valueBehind(facts, seen);
      return behind ? compute(facts, behind, supposed, depth + 1) : undefined;
    }
    default:
      return undefined;
  }
}

function computeBinary(
  operator: string,
  left: Constant | undefined,
  rightOf: () => Constant | undefined,
): Constant | undefined {
  if (operator === "and" || operator === "or") {
    const decides = (value: Constant | undefined) => value !== undefined && isTrue(value) === (operator === "or");
    if (decides(left)) return left;
    const right = rightOf();
    return left === undefined && !decides(right) ? undefined : right;
  }
  const right = rightOf();
  if (left === undefined || right === undefined) return undefined;
  if (operator === "==" || operator === "is") return left === right;
  if (operator === "!=" || operator === "is not") return left !== right;
  if (typeof left !== "number" || typeof right !== "number") return undefined;
  if (operator === ">") return left > right;
  if (operator === ">=") return left >= right;
  if (operator === "<") return left < right;
  return operator === "<=" ? left <= right : undefined;
}

/** Both expressions name the same thing, be it through `max_norm = args.clip`. */
function isSame(facts: Facts, a: Seen, b: Seen): boolean {
  if (a.node === b.node) return true;
  if (!isPath(a.node) || !isPath(b.node)) return false;
  if (a.frame === b.frame && a.scope === b.scope && sourceOf(facts, a.node) === sourceOf(facts, b.node)) return true;
  const names = variablesBehind(facts, b);
  return variablesBehind(facts, a).some((variable) => names.includes(variable));
}

const isPath = ({ kind }: Expression) =>
  kind === "name" || kind === "attribute" || kind === "subscript" || kind === "call";

function variablesBehind(facts: Facts, seen: Seen): Variable[] {
  const found: Variable[] = [];
  for (let at: Seen | null = seen; at && found.length < MAX_STEPS; at = valueBehind(facts, at)) {
    const { node, frame, scope }: Seen = at;
    const variable = facts.values.variables.of(node, frame, scope)?.variable;
    if (variable) found.push(variable);
  }
  return found;
}

/** The expression that is all that a name ever stands for. */
function valueBehind(facts: Facts, { node, frame, scope }: Seen): Seen | null {
  if (node.kind === "call") {
    const [only, another] = node.arguments;
    const converts = node.callee.kind === "name" && /^(float|int)$/.test(node.callee.id);
    return converts && only && !another ? { node: only.value, frame, scope } : null;
  }
  const found = facts.values.variables.of(node, frame, scope);
  const [binding, another] = found?.variable.bindings ?? [];
  if (!found || another || binding?.kind !== "value" || binding.path.length > 0) return null;
  return { node: binding.value, frame: facts.values.frames.for(binding.scope, found.frame), scope: binding.scope };
}
