/** Accumulation: what happens at each micro-batch that should happen once, before the update. */
import type { ArgumentPlace } from "../../frameworks/framework.ts";
import { childrenOf, type Expression, type Statement } from "../../syntax/ast.ts";
import { argumentOf } from "../../syntax/call.ts";
import type { ClipEvent, Path, Seen, StepEvent, TrainingEvent, UnscaleEvent, UpdateSite } from "../events/events.ts";
import type { Facts } from "../facts.ts";
import { enclosing } from "./enclosing.ts";
import { asksOnlyForThreshold, type Guard, guardsOf } from "./guards.ts";
import { comesThrough } from "./order.ts";

/** The update waits for each n-th batch, and the event doesn't: the next backward pass adds to what it has changed. */
export function isAtEachMicroBatch(facts: Facts, update: UpdateSite, event: ClipEvent | UnscaleEvent): boolean {
  if (!comesThrough(facts, update, event)) return false;
  const { step, paths } = update;
  const between = new Map(paths.flatMap((path) => backwardBetween(path, event) ?? []).map((each) => [each.node, each]));
  return [...between.values()].some((backward) => waitsAlone(facts, step, event, backward));
}

/** The backward pass between two turns of the event, if nothing else comes there that begins anew. */
function backwardBetween(path: Path, { node }: ClipEvent | UnscaleEvent): TrainingEvent | null {
  const last = path.findLastIndex((event) => event.node === node);
  const before = path.findLastIndex((event, index) => index < last && event.node === node);
  if (before === -1) return null;
  const between = path.slice(before + 1, last);
  const harmless = between.every(({ kind }) => kind === "backward" || kind === "clip" || kind === "unscale");
  return harmless ? (between.findLast(({ kind }) => kind === "backward") ?? null) : null;
}

function waitsAlone(facts: Facts, step: StepEvent, event: ClipEvent | UnscaleEvent, backward: TrainingEvent): boolean {
  const [forStep, forEvent] = [guardsOf(facts, step), guardsOf(facts, event)];
  const isIn = (guards: readonly Guard[], { test }: Guard) => guards.some((guard) => guard.test === test);
  const waits =
    forStep.some((guard) => !isIn(forEvent, guard) && countsBatches(facts, guard)) || followsLoop(facts, step, event);
  // What decides about the backward pass as well lets no gradient by.
  const shared = [...forStep, ...guardsOf(facts, backward)];
  const own = forEvent.filter((guard) => !isIn(shared, guard));
  return waits && own.every((guard) => event.kind === "clip" && asksOnlyForThreshold(facts, guard, event));
}

/** The update comes after a loop over the micro-batches, in the same function; not one over models. */
function followsLoop(facts: Facts, step: StepEvent, event: ClipEvent | UnscaleEvent): boolean {
  if (event.kind !== "clip" || event.scope.home !== step.scope.home || event.frame !== step.frame) return false;
  const around = new Set(enclosing(facts, step).map(({ statement }) => statement));
  const loops = enclosing(facts, event).filter(({ statement }) => !around.has(statement) && isLoop(statement));
  return loops.length > 0 && loops.every(({ statement }) => !changesWith(event, statement));
}

const isLoop = ({ kind }: Statement) => kind === "for" || kind === "while";

/** What is clipped is named by something that the loop binds. */
function changesWith({ parameters, call, scope }: ClipEvent, loop: Statement): boolean {
  const bound = (node: Expression): boolean => {
    if (node.kind !== "name") return childrenOf(node).some(bound);
    return (scope.lookup(node.id)?.bindings ?? []).some(
      ({ statement }) =>
        statement === loop ||
        (statement !== null &&
          statement.anchor === loop.anchor &&
          loop.start < statement.start &&
          statement.end <= loop.end),
    );
  };
  const clipped = parameters ?? call?.callee;
  return !clipped || bound(clipped);
}

/** A count is taken modulo another: how scripts find each n-th batch. */
function countsBatches(facts: Facts, { test, frame, scope }: Guard): boolean {
  const takesModulo = ({ node, ...at }: Seen, depth: number): boolean => {
    if (node.kind === "binary" && node.operator === "%") return true;
    if (childrenOf(node).some((child) => takesModulo({ node: child, ...at }, depth))) return true;
    if ((node.kind !== "name" && node.kind !== "attribute") || depth > 2) return false;
    const values = facts.values.evaluate(node, at.frame, at.scope);
    return values.some((value) => value.kind === "literal" && value.node !== node && takesModulo(value, depth + 1));
  };
  return test !== null && takesModulo({ node: test, frame, scope }, 0);
}

export interface Accumulation {
  /** The object whose block it is: the accelerator. */
  readonly receiver: Seen;
  readonly done: (receiver: string) => string;
}

/** The block around a clip in which a framework lets updates wait, though the clip doesn't. */
export function accumulationAround(facts: Facts, clip: ClipEvent): Accumulation | null {
  const { accumulation } = clip.framework;
  if (!accumulation) return null;
  for (const { statement, frame, scope } of enclosing(facts, clip)) {
    if (statement.kind !== "with") continue;
    for (const { context } of statement.items) {
      if (context.kind !== "call" || context.callee.kind !== "attribute") continue;
      const opened = facts.values.evaluate(context.callee, frame, scope);
      if (!opened.some((value) => value.kind === "external" && value.name === accumulation.context)) continue;
      const receiver = { node: context.callee.object, frame, scope };
      if (!waitsForSeveral(facts, receiver, accumulation.counts)) return null;
      const own = guardsOf(facts, clip).filter(({ test }) => test && isInside(statement, test));
      return own.every((guard) => asksOnlyForThreshold(facts, guard, clip))
        ? { receiver, done: accumulation.done }
        : null;
    }
  }
  return null;
}

/** Its constructor was given a number of batches, and that isn't one. */
function waitsForSeveral(facts: Facts, receiver: Seen, counts: readonly ArgumentPlace[]): boolean {
  return facts.values.evaluate(receiver.node, receiver.frame, receiver.scope).some((value) => {
    if (value.kind !== "external" || !value.call) return false;
    const { call, frame, scope } = value;
    const given = counts.flatMap(({ position, keyword }) => argumentOf(call, position, keyword) ?? []);
    const one = (node: Expression) =>
      facts.values
        .evaluate(node, frame, scope)
        .every((known) => known.kind === "literal" && known.node.kind === "number" && known.node.value === 1);
    return given.some((argument) => !one(argument.value));
  });
}

const isInside = (outer: Statement, inner: Expression) =>
  outer.anchor === inner.anchor && outer.start <= inner.start && inner.end <= outer.end;
