/** Updates of one training function of which some are clipped and others aren't. */

import type { ClipEvent, UpdateSite } from "../events/events.ts";
import { overlap } from "../events/parameters.ts";
import type { Facts } from "../facts.ts";
import { enclosing } from "./enclosing.ts";
import { clipsOf } from "./order.ts";
import { unclippedUpdates } from "./unclipped.ts";

export interface Siblings {
  readonly clip: ClipEvent;
  readonly clipped: UpdateSite;
  readonly unclipped: readonly UpdateSite[];
  /** Two ways to make the same update; updates of which one or the other is made; or two or more that are made in turn. */
  readonly relation: "same" | "alternatives" | "pair" | "several";
}

export function siblings(facts: Facts): Siblings[] {
  const left = new Set(unclippedUpdates(facts).filter(({ step }) => !step.managed));
  return facts.updates.flatMap((clipped) => {
    const clip = clipsOf(facts, clipped).find(({ how }) => how === "norm" || how === "value");
    if (!clip) return [];
    const unclipped = [...left].filter((site) => isBeside(facts, clipped, site));
    for (const site of unclipped) left.delete(site);
    return unclipped.length > 0 ? [{ clip, clipped, unclipped, relation: relate(facts, clipped, unclipped) }] : [];
  });
}

/** In the same function, or under the same loop or `if` of a module: what follows there is often another example. */
function isBeside(facts: Facts, a: UpdateSite, b: UpdateSite): boolean {
  if (a === b || a.step.scope.home !== b.step.scope.home) return false;
  if (a.step.scope.home.kind === "function") return true;
  const around = new Set(enclosing(facts, b.step).flatMap(({ statement, block }) => (block ? [statement] : [])));
  return enclosing(facts, a.step).some(({ statement }) => around.has(statement));
}

function relate(facts: Facts, clipped: UpdateSite, unclipped: readonly UpdateSite[]): Siblings["relation"] {
  if (unclipped.every((site) => areAlternatives(facts, clipped, site)))
    return unclipped.every(({ step }) => overlap(step.optimizer.keys, clipped.step.optimizer.keys))
      ? "same"
      : "alternatives";
  const here = facts.updates.filter((site) => site === clipped || isBeside(facts, clipped, site));
  return new Set(here.map(({ step }) => [...step.optimizer.keys].join(" "))).size > 2 ? "several" : "pair";
}

/** They stand in different branches of one `if`. */
function areAlternatives(facts: Facts, a: UpdateSite, b: UpdateSite): boolean {
  const around = enclosing(facts, b.step);
  return enclosing(facts, a.step).some(
    ({ statement, block }) =>
      statement.kind === "if" && around.some((other) => other.statement === statement && other.block !== block),
  );
}
