/** Questions about the order of events that more than one rule asks. */
import type { Expression } from "../../syntax/ast.ts";
import type {
  ClipEvent,
  ClipSite,
  OptimizerRef,
  Path,
  StepEvent,
  TrainingEvent,
  UpdateSite,
} from "../events/events.ts";
import { overlap } from "../events/parameters.ts";
import type { Facts } from "../facts.ts";
import { once } from "../once.ts";

export interface LateClip {
  readonly clip: ClipEvent;
  readonly step: StepEvent;
}

/** Clips that come after the update that they should protect, on every path to them, and before no other one. */
export const lateClips = once((facts: Facts): readonly LateClip[] =>
  facts.clips.flatMap((site) => {
    const late = lateClip(facts, site);
    return late ? [late] : [];
  }),
);

function lateClip(facts: Facts, { clip, paths }: ClipSite): LateClip | null {
  if ((clip.how !== "norm" && clip.how !== "value") || clip.gradients) return null;
  const steps = paths.map((path) => stepBefore(facts, path, clip));
  const first = steps[0];
  if (!first || steps.some((step) => step?.node !== first.node)) return null;
  if (first.origin || updatesAfter(facts, clip).some((update) => isProtected(update, clip))) return null;
  return { clip, step: first };
}

/** With those that calls in this file lead to. */
export const allUpdates = ({ updates, updatesElsewhere }: Facts): readonly UpdateSite[] => [
  ...updates,
  ...updatesElsewhere,
];

/** The update between the last backward pass and the clip. */
function stepBefore(facts: Facts, path: Path, clip: ClipEvent): StepEvent | null {
  const backward = path.findLastIndex((event) => event.kind === "backward");
  const steps = path.slice(backward + 1).filter((event) => event.kind === "step");
  return (
    steps.findLast((step) =>
      hasOneOptimizer(facts)
        ? facts.parameters.mayCover(clip, step.optimizer)
        : facts.parameters.surelyCovers(clip, step.optimizer),
    ) ?? null
  );
}

export const hasOneOptimizer = once(
  (facts: Facts) => new Set(allUpdates(facts).map(({ step }) => [...step.optimizer.keys].join(" "))).size === 1,
);

const updatesByEvent = once((facts: Facts) => {
  const after = new Map<object, Set<UpdateSite>>();
  for (const update of allUpdates(facts))
    for (const path of update.paths)
      for (const { node } of path) {
        const known = after.get(node);
        if (known) known.add(update);
        else after.set(node, new Set([update]));
      }
  return after;
});

/** Some path comes to the update through this event. */
export const comesThrough = (facts: Facts, update: UpdateSite, { node }: TrainingEvent): boolean =>
  updatesByEvent(facts).get(node)?.has(update) === true;

/** The updates that some path comes to through this event. */
export function updatesAfter(facts: Facts, { node }: TrainingEvent): UpdateSite[] {
  return [...(updatesByEvent(facts).get(node) ?? [])];
}

/** The clip stands between a backward pass and this update. */
function isProtected({ paths }: UpdateSite, clip: ClipEvent): boolean {
  return paths.some((path) => {
    const index = path.findIndex((event) => event.node === clip.node);
    if (index === -1) return false;
    return !path.slice(index + 1).some((event) => event.kind === "backward");
  });
}

/** Whether the optimizer's gradients were unscaled somewhere in these events. */
export function isUnscaled(path: Path, step: StepEvent): boolean {
  return path.some(
    (event) =>
      (event.kind === "unscale" && (!event.optimizer || overlap(event.optimizer.keys, step.optimizer.keys))) ||
      (event.kind === "clip" && event.unscales),
  );
}

/** Gradients come to the update, and on no path that was found through anything that clips them or might. */
export function isUnclipped(facts: Facts, { step, paths }: UpdateSite): boolean {
  const { opaque, configured } = step.optimizer;
  if (opaque || configured.some(({ off }) => !off)) return false;
  if (step.managed) return true;
  const { gradients } = step;
  if (gradients && (gradients.open || gradients.clips.size + gradients.bounded.size > 0)) return false;
  if (gradients && !gradients.stored) return true;
  let isTrained = false;
  for (const path of paths) {
    const backward = path.findLastIndex((event) => event.kind === "backward");
    if (backward === -1) continue;
    isTrained = true;
    const hidden = path.findLastIndex((event) => event.kind === "unknown") > backward;
    if (hidden || clipsOn(facts, path, step).length > 0) return false;
  }
  return isTrained;
}

/** The clips that act on an update. */
export function clipsOf(facts: Facts, { step, paths }: UpdateSite): ClipEvent[] {
  return paths.flatMap((path) => clipsOn(facts, path, step));
}

export function distinct(clips: readonly ClipEvent[]): ClipEvent[] {
  return [...new Map(clips.map((clip) => [clip.node, clip])).values()];
}

const clipsByPath = once((_: Facts) => once((_: Path) => new Map<StepEvent, readonly ClipEvent[]>()));

function clipsOn(facts: Facts, path: Path, step: StepEvent): readonly ClipEvent[] {
  const known = clipsByPath(facts)(path);
  let clips = known.get(step);
  if (!clips) {
    clips = findClipsOn(facts, path, step);
    known.set(step, clips);
  }
  return clips;
}

function findClipsOn(facts: Facts, path: Path, step: StepEvent): readonly ClipEvent[] {
  const { gradients } = step;
  const given = path.filter((event) => event.kind === "clip").filter((clip) => isGiven(step, clip));
  if (gradients && !gradients.open && !gradients.stored) return given;
  const cleared = clearedUpTo(facts, path, step);
  const backward = path.findIndex((event, index) => index >= cleared && event.kind === "backward");
  const handedOn = path.findLastIndex((event) => event.kind === "hand-on");
  return path.flatMap((event, index) => {
    if (event.kind !== "clip") return [];
    if (event.gradients) return given.includes(event) ? [event] : [];
    // Clipped where they came from.
    if (index >= backward && index < handedOn) return [event];
    if (index < backward || !facts.parameters.mayCover(event, step.optimizer)) return [];
    return !isSpent(path, index) || facts.parameters.surelyCovers(event, step.optimizer) ? [event] : [];
  });
}

/** The update is given what the clip returns. */
const isGiven = ({ gradients }: StepEvent, { call, origin }: ClipEvent) =>
  [call, origin?.call].some((made) => made && gradients?.clips.has(made));

/** The index after the last place where the gradients that the update takes were set to zero, if others were made after it. */
export function clearedUpTo(facts: Facts, path: Path, { optimizer }: StepEvent): number {
  const backward = path.findLastIndex((event) => event.kind === "backward");
  return path.findLastIndex((event, index) => index < backward && clears(facts, event, optimizer)) + 1;
}

/** The clips by a function of a framework, after the gradients were made, that the update comes to on this path. */
export function clipCallsOn(facts: Facts, path: Path, step: StepEvent): ClipEvent[] {
  return clipsOn(facts, path, step).filter(({ how }) => how === "norm" || how === "value");
}

/** The event is known to zero the gradients of all that the optimizer owns. */
function clears(facts: Facts, event: TrainingEvent, optimizer: OptimizerRef): boolean {
  if (event.kind !== "zero-grad" || !event.cleared) return false;
  return overlap(event.cleared.keys, optimizer.keys) || facts.parameters.areOf(event.cleared, optimizer);
}

/** Another optimizer stepped since, and new gradients came after that: the clip was for that one. */
function isSpent(path: Path, clip: number): boolean {
  const step = path.findIndex((event, index) => index > clip && event.kind === "step");
  return step !== -1 && path.some((event, index) => index > step && event.kind === "backward");
}

/** Where the gradients of an update come from. */
export function sourceOfGradients({ step, paths }: UpdateSite): { readonly node: Expression } | undefined {
  const [made] = step.gradients?.made.keys() ?? [];
  return made ? { node: made } : lastBackward(paths);
}

export function lastBackward(paths: readonly Path[]): TrainingEvent | undefined {
  return paths.map((path) => path.findLast((event) => event.kind === "backward")).find((event) => event !== undefined);
}

/** A call that is reached in several ways (a helper's) is one place in the text. */
export function byNode<T>(items: readonly T[], nodeOf: (item: T) => object): T[][] {
  const found = new Map<object, T[]>();
  for (const item of items) {
    const known = found.get(nodeOf(item));
    if (known) known.push(item);
    else found.set(nodeOf(item), [item]);
  }
  return [...found.values()];
}
