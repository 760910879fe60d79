/** What happens to gradients between the clip and the update. */
import { type Expression, rangeOf } from "../../syntax/ast.ts";
import type { ClipEvent, Path, StepEvent, TrainingEvent, ZeroGradEvent } from "../events/events.ts";
import type { Facts } from "../facts.ts";
import { dividesGrad } from "../names/by-hand.ts";
import { once } from "../once.ts";
import { enclosing } from "./enclosing.ts";
import { guardsOf } from "./guards.ts";
import { clipCallsOn, hasOneOptimizer } from "./order.ts";
import { sourcesOfOptimizer } from "./parameter-sources.ts";

export interface ZeroedUpdate {
  readonly zeroed: ZeroGradEvent;
  readonly step: StepEvent;
}

export interface Change {
  readonly how: "reduced" | "divided" | "added";
  readonly event: TrainingEvent;
  readonly clip: ClipEvent;
  readonly step: StepEvent;
}

/** Updates whose gradients are zeroed after every backward pass and before the update. */
export const zeroedUpdates = once((facts: Facts): readonly ZeroedUpdate[] =>
  facts.updates.flatMap(({ step, paths }) => {
    const trained = paths.filter((path) => path.some(({ kind }) => kind === "backward"));
    const found = trained.map((path) => zeroedLast(path, step));
    const [zeroed] = found;
    if (!zeroed || step.managed || found.some((other) => other?.node !== zeroed.node)) return [];
    return hidesNothing(facts, zeroed, step, trained.flat()) ? [{ zeroed, step }] : [];
  }),
);

function zeroedLast(path: Path, { optimizer }: StepEvent): ZeroGradEvent | null {
  const backward = path.findLastIndex(({ kind }) => kind === "backward");
  const after = path.slice(backward + 1);
  if (after.some((event) => event.kind === "unknown" || isByHand(event))) return null;
  return after.filter((event) => event.kind === "zero-grad").find(({ cleared }) => isThe(cleared, optimizer)) ?? null;
}

function isThe(cleared: ZeroGradEvent["cleared"], { keys }: StepEvent["optimizer"]): boolean {
  return cleared?.keys.size === 1 && keys.size === 1 && [...keys].every((key) => cleared.keys.has(key));
}

/** From the one to the other, side by side, nothing is called that might make gradients. */
function hidesNothing(facts: Facts, zeroed: ZeroGradEvent, step: StepEvent, known: readonly TrainingEvent[]): boolean {
  const blockOf = (event: TrainingEvent) => enclosing(facts, event)[0]?.block;
  if (zeroed.scope.home !== step.scope.home || blockOf(zeroed) !== blockOf(step)) return false;
  if (step.scope.home.info?.yields) return false; // to a `with` block, say, that makes them
  const [start, end] = [rangeOf(zeroed.statement).end, rangeOf(step.statement).start];
  const seen = known.map(({ node }) => rangeOf(node));
  return [...facts.names.calls.values()].flat().every(({ call }) => {
    const range = rangeOf(call);
    const between = start <= range.start && range.end <= end;
    return !between || seen.some((event) => event.start <= range.start && range.end <= event.end);
  });
}

/** Gradients that are clipped, and summed over the processes, divided or added to after that. */
export const changesAfterClip = once((facts: Facts): readonly Change[] =>
  facts.updates.flatMap((update) => {
    const found = update.paths.flatMap((path) => changedAfter(facts, path, update.step) ?? []);
    const [first] = found;
    return first && isAlways(facts, first) ? [first] : [];
  }),
);

function changedAfter(facts: Facts, path: Path, step: StepEvent): Change | null {
  const clip = clipCallsOn(facts, path, step).at(-1);
  if (!clip) return null;
  const at = path.lastIndexOf(clip);
  const after = path.slice(at + 1);
  if (after.some(({ kind }) => kind === "unknown" || kind === "step")) return null;
  const added = after.findLast(({ kind }) => kind === "backward");
  if (added)
    return isAdded(facts, added, path.slice(0, at), clip, step, after)
      ? { how: "added", event: added, clip, step }
      : null;
  for (const event of after) {
    if (event.kind === "reduce") return { how: "reduced", event, clip, step };
    if (isByHand(event)) return isDivided(facts, event, step) ? { how: "divided", event, clip, step } : null;
  }
  return null;
}

/** A further loss of the same step, beside the clip, and not the next turn's of what accumulates. */
function isAdded(
  facts: Facts,
  added: TrainingEvent,
  before: Path,
  clip: ClipEvent,
  step: StepEvent,
  after: Path,
): boolean {
  if (added.kind !== "backward" || added.inClosure || added.origin || clip.origin || step.gradients) return false;
  const made = before.filter(({ kind }) => kind === "backward");
  if (made.length === 0 || made.some(({ node }) => node === added.node)) return false;
  // Of the next turn, that throws away what was there; and what clips or clears has its own say.
  if (after.some(({ kind }) => kind === "clip" || kind === "zero-grad" || kind === "average")) return false;
  const blockOf = (event: TrainingEvent) => enclosing(facts, event)[0]?.block;
  if (clip.scope.home !== added.scope.home || blockOf(clip) !== blockOf(added)) return false;
  if (rangeOf(added.node).start < rangeOf(clip.node).end) return false;
  return isMeant(clip) && isAllOf(facts, clip, step);
}

/** What only measures the norm is asked for it. */
const isMeant = ({ statement, threshold }: ClipEvent) =>
  statement.kind === "expression" || threshold?.kind === "number";

/** Whatever the backward pass adds to, the update takes it, and the clip was for it. */
function isAllOf(facts: Facts, clip: ClipEvent, { optimizer }: StepEvent): boolean {
  const [only, another] = sourcesOfOptimizer(facts, optimizer) ?? [];
  return hasOneOptimizer(facts) && only !== undefined && !another && facts.parameters.surelyCovers(clip, optimizer);
}

const isByHand = (event: TrainingEvent) =>
  event.kind === "average" || (event.kind === "clip" && event.how === "by-hand");

/** All of the update's gradients are, in a loop over its parameters. */
function isDivided(facts: Facts, event: TrainingEvent, { optimizer }: StepEvent): boolean {
  if (!dividesGrad(event.node, event.statement)) return false;
  const loop = enclosing(facts, event).find(({ statement }) => statement.kind === "for");
  if (loop?.statement.kind !== "for") return false;
  const { frame, scope } = loop;
  return facts.parameters.holds({ node: loop.statement.iterable, frame, scope }, optimizer);
}

/** Under no condition that the clip isn't under, but that there is a gradient. */
function isAlways(facts: Facts, { event, clip }: Change): boolean {
  const shared = new Set<Expression | null>(guardsOf(facts, clip).map(({ test }) => test));
  const own = guardsOf(facts, event).filter(({ test }) => !shared.has(test));
  return own.every(({ test }) => test !== null && asksForGradient(facts, test));
}

function asksForGradient(facts: Facts, test: Expression): boolean {
  const { start, end } = rangeOf(test);
  const rest = facts.text.slice(start, end).replace(/\b\w+\.(grad|requires_grad)\b/g, "");
  return (rest.match(/\w+/g) ?? []).every((word) => /^(is|not|None|and|or|True|False)$/.test(word));
}
