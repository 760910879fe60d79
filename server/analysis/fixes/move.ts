/** Moves a clip in front of the update that it should protect. */
import type { ClipEvent, StepEvent } from "../facts/events.ts";
import { type Facts, sourceOf } from "../facts/facts.ts";
import { isUnscaled } from "../facts/order.ts";
import type { TextEdit } from "../finding.ts";
import { type Block, blocksOf, rangeOf, type Statement } from "../syntax/ast.ts";
import { insertBefore, remove } from "./layout.ts";

/** Null where the two don't stand side by side, or where what the clip returns is used on the way. */
export function moveBefore(facts: Facts, clip: ClipEvent, step: StepEvent): TextEdit[] | null {
  const block = blockWith(facts.statements, step.statement);
  // What moves is what stands beside the update: the clip, or the `if args.clip:` around nothing but it.
  const moved = block?.find((statement) => isOnly(statement, clip.statement));
  if (!block || !moved || block.length < 2 || isUsedBetween(facts, clip.statement, moved, step.statement)) return null;
  const { start, end } = rangeOf(moved);
  const lines: string[] = [];
  const paths = facts.updates.filter((update) => update.step.node === step.node).flatMap((update) => update.paths);
  const { unscale } = step.framework;
  if (step.scaler && unscale && !clip.unscales && !paths.some((path) => isUnscaled(path, step)))
    lines.push(unscale(sourceOf(facts, step.scaler), sourceOf(facts, step.optimizer.node)));
  lines.push(facts.text.slice(start, end));
  const inserted = insertBefore(facts.text, step.statement, lines);
  const removed = remove(facts.text, moved);
  return inserted && removed ? [inserted, removed] : null;
}

function isOnly(statement: Statement, clip: Statement): boolean {
  if (statement === clip) return true;
  if (statement.kind !== "if" || statement.otherwise.length > 0 || statement.body.length !== 1) return false;
  return statement.body[0] === clip;
}

/** The clip's statement gives something a name that is mentioned before the place where the statement would go. */
function isUsedBetween(facts: Facts, clip: Statement, moved: Statement, step: Statement): boolean {
  if (clip.kind === "expression") return false;
  if (clip.kind !== "assign") return true;
  const between = facts.text.slice(rangeOf(moved).end, rangeOf(step).start);
  return clip.targets.some((target) => {
    const { start, end } = rangeOf(target);
    return (facts.text.slice(start, end).match(/\w+/g) ?? []).some((name) => new RegExp(`\\b${name}\\b`).test(between));
  });
}

function blockWith(block: Block, target: Statement): Block | null {
  if (block.includes(target)) return block;
  for (const statement of block) {
    if (statement.anchor !== target.anchor || statement.start > target.start || statement.end < target.end) continue;
    for (const inner of blocksOf(statement)) {
      const found = blockWith(inner, target);
      if (found) return found;
    }
  }
  return null;
}
