/** Updates that no clip reaches, on any way to them. */
import { type Call, rangeOf } from "../../syntax/ast.ts";
import type { UpdateSite } from "../events/events.ts";
import type { Facts } from "../facts.ts";
import { once } from "../once.ts";
import { zeroedUpdates } from "./changes.ts";
import { clipsInHooks } from "./clips-in-hooks.ts";
import { discardedClips } from "./discarded-clips.ts";
import { earlyClips } from "./early-clips.ts";
import { allUpdates, isUnclipped, lateClips } from "./order.ts";
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

/**
 * Updates that a module of the workspace makes with an optimizer that this file builds, and that by itself can't be told to go unclipped:
 * the library is told to clip where an optimizer is built, or a class there is handed one. One for each constructor, as if it were the only one.
 */
export const unclippedElsewhere = once((facts: Facts): readonly UpdateSite[] => {
  if (facts.updatesElsewhere.length === 0 || hasRegisteredClips(facts)) return [];
  const byConstructor = new Map<Call, UpdateSite[]>();
  for (const site of allUpdates(facts))
    for (const { call } of site.step.optimizer.constructors) {
      const group = byConstructor.get(call);
      if (group) group.push(site);
      else byConstructor.set(call, [site]);
    }
  return [...byConstructor].flatMap(([built, sites]) => {
    const [first] = sites;
    const all = sites.every((site) => isBuiltHere(facts, site) && isUnclipped(facts, site));
    return first && all ? [withOnly(built, first)] : [];
  });
});

function withOnly(built: Call, { step, paths }: UpdateSite): UpdateSite {
  const { optimizer } = step;
  const constructors = optimizer.constructors.filter(({ call }) => call === built);
  const wholes = optimizer.wholes.length > 1 ? optimizer.wholes.filter(({ call }) => call === built) : optimizer.wholes;
  return { step: { ...step, optimizer: { ...optimizer, constructors, wholes } }, paths };
}

function isBuiltHere({ values: { imports } }: Facts, { step: { optimizer, framework, origin } }: UpdateSite): boolean {
  const { constructors, configured, handedOver } = optimizer;
  if (!origin || !(framework.settings || handedOver) || configured.length > 0) return false;
  return constructors.every(({ scope }) => imports.isHere(scope));
}

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
