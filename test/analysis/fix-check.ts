/** What must hold of a text after all its fixes were applied. */
import type { Analyser, Applicability } from "../../server/analysis/index.ts";
import { applyEdits } from "../../server/text/edits.ts";

export interface Fixed {
  readonly text: string;
  readonly count: number;
  /** What is wrong, for people; that it parses is to be asked of Python. */
  readonly problems: readonly string[];
}

/** Applies all fixes, and looks again: nothing must be left to fix, and nothing new to find. */
export function fixed(analyser: Analyser, before: string, applicability: Applicability): Fixed {
  const module = analyser.open(before);
  const found = module.lint().map(({ rule }) => rule);
  const { edits, count } = module.fixAll(applicability);
  const text = applyEdits(before, edits);
  module.edit([{ range: { start: 0, end: before.length }, newText: text }]);
  const again = module.fixAll(applicability);
  const left = module.lint();
  module.dispose();
  const problems: string[] = [];
  if (again.count > 0) problems.push(`${again.count} fixes are left after all ${count} were applied`);
  if (left.length > found.length - count)
    problems.push(`${found.length} findings with ${count} fixes became ${left.length}: ${left.map((f) => f.rule)}`);
  const unknown = left.filter(({ rule }) => !found.includes(rule));
  if (unknown.length > 0) problems.push(`new findings: ${unknown.map(({ rule }) => rule).join(", ")}`);
  const ends = (value: string) => new Set(value.match(/\r\n|\r|\n/g)).size;
  if (ends(text) > Math.max(1, ends(before))) problems.push("other line ends came in");
  return { text, count, problems };
}
