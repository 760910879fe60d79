/** Clipping asked for by one more argument of the call that makes the update. */
import type { StepEvent } from "../facts/events/events.ts";
import type { Facts } from "../facts/facts.ts";
import type { TextEdit } from "../finding.ts";
import type { UpdateSpelling } from "../frameworks/spelling.ts";
import { rangeOf } from "../syntax/ast.ts";
import { appendArgument } from "./append.ts";
import { parametersOf } from "./expressions.ts";

export function tellUpdate(
  facts: Facts,
  step: StepEvent,
  { on, keyword, also, unless = "" }: UpdateSpelling,
  threshold: string,
): TextEdit[] | null {
  const { node, frame, scope } = step;
  if (node.kind !== "call") return null;
  const called = facts.values.evaluate(node.callee, frame, scope);
  if (!called.every((value) => value.kind === "external" && on.test(value.name))) return null;
  const given = new Map(node.arguments.map((argument) => [argument.keyword, argument.value]));
  if (given.has(unless)) return null;
  const further = also?.(parametersOf(facts, { optimizer: step.optimizer, to: step })) ?? {};
  const wanted = Object.entries(further).filter(([name]) => !given.has(name));
  const written = wanted.map(([name, value]) => `, ${name}=${value}`).join("");
  const there = given.get(keyword);
  // It is there, and switched off.
  if (there) return [{ range: rangeOf(there), newText: threshold + written }];
  const edit = appendArgument(facts.text, node, `${keyword}=${threshold}${written}`);
  return edit && [edit];
}
