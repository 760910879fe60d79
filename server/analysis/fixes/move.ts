/** Moves statements in front of the update, or the clip, that they should come before. */

import { isUnscaled, updatesAfter } from "../facts/derived/order.ts";
import type { ClipEvent, StepEvent } from "../facts/events/events.ts";
import { type Facts, sourceOf } from "../facts/facts.ts";
import type { TextEdit } from "../finding.ts";
import { rangeOf, type Statement } from "../syntax/ast.ts";
import { indentOf, insertBefore, isCompound, reindent, remove } from "./layout.ts";
import { holds, type Place, placeOf } from "./place.ts";

/** The clip, to where it acts on what the update takes: unscaled first, where a scaler steps. */
export function moveClip(facts: Facts, clip: ClipEvent, step: StepEvent): TextEdit[] | null {
  // The call of an imported helper may do more than clip.
  if (clip.origin) return null;
  // Before one of several updates it would be missing from the others.
  const protects = updatesAfter(facts, clip).filter((update) => facts.parameters.mayCover(clip, update.step.optimizer));
  if (new Set(protects.map((update) => update.step.node)).size > 1) return null;
  const paths = facts.updates.filter((update) => update.step.node === step.node).flatMap((update) => update.paths);
  const { unscale } = step.framework;
  const scaled = step.scaler && unscale && !clip.unscales && !paths.some((path) => isUnscaled(path, step));
  const first =
    scaled && step.scaler ? [unscale(sourceOf(facts, step.scaler), sourceOf(facts, step.optimizer.node))] : [];
  return moveBefore(facts, [clip.statement], step, first);
}

/**
 * Null where the update isn't in the same block or one inside it, where nothing would be left of the block, or where what
 * a statement assigns is used on the way.
 */
export function moveBefore(
  facts: Facts,
  statements: readonly Statement[],
  step: { readonly statement: Statement },
  first: readonly string[] = [],
): TextEdit[] | null {
  const { text } = facts;
  const places = statements.map((statement) => placeOf(facts.statements, statement));
  const [place] = places;
  if (!place || places.some((other) => other?.block !== place.block)) return null;
  const moved = places.flatMap((other) => (other ? [other.statement] : []));
  if (place.block.length <= moved.length || !leadsTo(facts, place, step.statement)) return null;
  if (statements.some((statement, i) => isUsedBetween(facts, statement, moved[i] ?? statement, step.statement)))
    return null;
  const to = indentOf(text, step.statement);
  if (to === null && moved.some(isCompound)) return null;
  const lines = moved.map((statement) => reindent(text, statement, to ?? ""));
  const removed = moved.map((statement) => remove(text, statement));
  const inserted = insertBefore(text, step.statement, [...first, ...lines.filter((line) => line !== null)]);
  const edits = [inserted, ...removed].filter((edit) => edit !== null);
  return lines.includes(null) || edits.length !== removed.length + 1 ? null : edits;
}

/** The update stands in the same block, in one inside it, or behind the loops that the block is the body of. */
function leadsTo(facts: Facts, { block, statement }: Place, step: Statement): boolean {
  if (block.some((inner) => holds(inner, step))) return true;
  const target = placeOf(facts.statements, step)?.block ?? [];
  for (let at = target.find((inner) => holds(inner, statement)); at; ) {
    if (at.kind !== "for" && at.kind !== "while") return false;
    if (at.body === block) return true;
    at = at.body.find((inner) => holds(inner, statement));
  }
  return false;
}

/** The statement gives something a name that is mentioned before the place where it would go. */
function isUsedBetween(facts: Facts, statement: Statement, moved: Statement, step: Statement): boolean {
  if (statement.kind === "expression") return false;
  if (statement.kind !== "assign") return true;
  const between = facts.text.slice(rangeOf(moved).end, rangeOf(step).start);
  return statement.targets.some((target) => {
    const { start, end } = rangeOf(target);
    return (facts.text.slice(start, end).match(/\w+/g) ?? []).some((name) => new RegExp(`\\b${name}\\b`).test(between));
  });
}
