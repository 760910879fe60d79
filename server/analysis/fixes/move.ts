/** Moves a clip in front of the update that it should protect. */
import type { ClipEvent, StepEvent } from "../facts/events.ts";
import { type Facts, sourceOf } from "../facts/facts.ts";
import { isUnscaled } from "../facts/order.ts";
import type { TextEdit } from "../finding.ts";
import type { Framework } from "../frameworks/framework.ts";
import { type Block, blocksOf, rangeOf, type Statement } from "../syntax/ast.ts";
import { insertBefore, remove } from "./layout.ts";

export function moveBefore(facts: Facts, clip: ClipEvent, step: StepEvent, framework: Framework): TextEdit[] | null {
  const block = blockWith(facts.statements, step.statement);
  // What moves is what stands beside the update: the clip, or the `if args.clip:` around nothing but it.
  const moved = block?.find((statement) => isOnly(statement, clip.statement));
  if (!block || !moved || block.length < 2) return null;
  const { start, end } = rangeOf(moved);
  const lines: string[] = [];
  const paths = facts.updates.filter((update) => update.step.node === step.node).flatMap((update) => update.paths);
  const { unscale } = framework;
  if (step.scaler && unscale && !paths.some((path) => isUnscaled(path, step)))
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
