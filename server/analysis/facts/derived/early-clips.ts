/** Clips that come before the backward pass that makes the gradients which they should act on. */
import type { ClipEvent, ClipSite, Path, StepEvent, UpdateSite } from "../events/events.ts";
import type { Facts } from "../facts.ts";
import { once } from "../once.ts";
import { byNode, clearedUpTo, isUnclipped, lateClips, updatesAfter } from "./order.ts";

export interface EarlyClip {
  readonly clip: ClipEvent;
  readonly step: StepEvent;
  /** The backward pass that comes too late. */
  readonly backward: Path[number];
}

/** Clips of gradients that don't exist yet, or that are thrown away before the update, which nothing else clips. */
export const earlyClips = once((facts: Facts): readonly EarlyClip[] => {
  const late = new Set<object>(lateClips(facts).map(({ clip }) => clip.node));
  return byNode(facts.clips, ({ clip }) => clip.node).flatMap((sites) => {
    const clip = sites[0]?.clip;
    if (
      !clip ||
      clip.gradients ||
      late.has(clip.node) ||
      !sites.every(({ clip: { how } }) => how === "norm" || how === "value")
    )
      return [];
    const found = earlyClip(facts, sites);
    return found ? [found] : [];
  });
});

function earlyClip(facts: Facts, sites: readonly ClipSite[]): EarlyClip | null {
  const clip = (sites[0] as ClipSite).clip;
  // Every update that the clip might have been meant for has to be made from gradients of a later backward pass.
  const meant: UpdateSite[] = [];
  for (const update of updatesAfter(facts, clip)) {
    if (!facts.parameters.mayCover(clip, update.step.optimizer)) continue;
    if (!isTooEarlyFor(facts, update, clip)) return null;
    meant.push(update);
  }
  const [first] = meant;
  if (!first || first.step.origin) return null;
  const backward = first.paths.flatMap((path) => path.filter((event) => event.kind === "backward")).at(-1);
  return backward ? { clip, step: first.step, backward } : null;
}

function isTooEarlyFor(facts: Facts, update: UpdateSite, clip: ClipEvent): boolean {
  const { step, paths } = update;
  if (!isUnclipped(facts, update)) return false;
  const through = paths.filter((path) => path.some((event) => event.node === clip.node));
  return (
    through.every((path) => isBeforeGradients(facts, path, step, clip)) &&
    through.some((path) => isCleared(facts, path, step))
  );
}

/** No gradients that the update still sees were there when this path came to the clip for the last time. */
function isBeforeGradients(facts: Facts, path: Path, step: StepEvent, clip: ClipEvent): boolean {
  const at = path.findLastIndex((event) => event.node === clip.node);
  const made = path.findIndex((event, index) => index >= clearedUpTo(facts, path, step) && event.kind === "backward");
  return made > at;
}

/** The gradients of earlier updates are known to be thrown away, so that the clip can't have acted on a sum with them. */
function isCleared(facts: Facts, path: Path, step: StepEvent): boolean {
  const cleared = clearedUpTo(facts, path, step);
  return cleared > 0 && path.slice(cleared).some((event) => event.kind === "backward");
}
