/** Clips that return clipped gradients which no update gets: it is given the unclipped ones. */
import type { ClipEvent, UpdateSite } from "../events/events.ts";
import type { Facts } from "../facts.ts";
import { once } from "../once.ts";
import { byNode } from "./order.ts";

export interface DiscardedClip {
  readonly clip: ClipEvent;
  /** The updates with the unclipped gradients of the same backward pass. */
  readonly updates: readonly UpdateSite[];
}

export const discardedClips = once((facts: Facts): readonly DiscardedClip[] =>
  byNode(facts.clips, ({ clip }) => clip.node).flatMap((sites) => {
    const clip = sites[0]?.clip;
    if (!clip?.call || !clip.gradients || isReached(facts, clip)) return [];
    const updates = facts.updates.filter((update) => isOfSameGradients(update, clip));
    return updates.length > 0 && !isNotWanted(clip) ? [{ clip, updates }] : [];
  }),
);

/** Some update may be given what the clip returns. */
function isReached({ updates }: Facts, { call }: ClipEvent): boolean {
  return updates.some(
    ({ step: { gradients } }) => gradients && (gradients.open || (call && gradients.clips.has(call))),
  );
}

function isOfSameGradients({ step }: UpdateSite, { gradients }: ClipEvent): boolean {
  return [...(step.gradients?.made.keys() ?? [])].some((call) => gradients?.made.has(call));
}

/** `_, norm = clip(…)` asks for the norm alone. */
function isNotWanted({ returnsNorm, statement }: ClipEvent): boolean {
  const [target] = statement.kind === "assign" ? statement.targets : [];
  const [first] = returnsNorm && target?.kind === "sequence" ? target.elements : [];
  return first?.kind === "name" && first.id === "_";
}
