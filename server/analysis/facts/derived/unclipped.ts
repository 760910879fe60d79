/** Updates that no clip reaches, on any way to them. */
import { rangeOf } from "../../syntax/ast.ts";
import type { UpdateSite } from "../events/events.ts";
import type { Facts } from "../facts.ts";
import { once } from "../once.ts";
import { zeroedUpdates } from "./changes.ts";
import { clipsInHooks } from "./clips-in-hooks.ts";
import { discardedClips } from "./discarded-clips.ts";
import { earlyClips } from "./early-clips.ts";
import { isUnclipped, lateClips } from "./order.ts";
import { hasRegisteredClips } from "./registered-clips.ts";

/** One of each place in the text. What is clipped in the wrong place, or switched off by name, is other rules' to report. */
export const unclippedUpdates = once((facts: Facts): readonly UpdateSite[] => {
  if (hasRegisteredClips(facts)) return [];
  const wrong = [...lateClips(facts), ...earlyClips(facts), ...zeroedUpdates(facts)];
  const misplaced = new Set<object>(wrong.map(({ step }) => step.node));
  for (const { updates } of discardedClips(facts)) for (const { step } of updates) misplaced.add(step.node);
  const hooked = new Set(clipsInHooks(facts).map(({ framework }) => framework));
  const updates = facts.updates.filter(
    ({ step }) => !misplaced.has(step.node) && !(step.managed && hooked.has(step.framework)),
  );
  const unclipped = byStatement(updates).flatMap((sites) => {
    const [first] = sites;
    const all = sites.every((site) => isUnclipped(facts, site) && site.step.optimizer.configured.length === 0);
    return first && all ? [first] : [];
  });
  return unclipped.filter((site, index) => !unclipped.slice(0, index).some((before) => isOneDescent(before, site)));
});

/** The script updates one variable after the other, by gradients of one backward pass. */
function isOneDescent({ step: one }: UpdateSite, { step: other }: UpdateSite): boolean {
  if (!one.byHand || !other.byHand) return false;
  return [...(one.gradients?.made.keys() ?? [])].some((made) => other.gradients?.made.has(made));
}

/** A helper that several places call is one update in the text: it is unclipped if it is on every way to it. */
function byStatement(updates: readonly UpdateSite[]): UpdateSite[][] {
  const groups = new Map<number, UpdateSite[]>();
  for (const site of updates) {
    const { start } = rangeOf(site.step.node);
    const group = groups.get(start);
    if (group) group.push(site);
    else groups.set(start, [site]);
  }
  return [...groups.values()];
}
