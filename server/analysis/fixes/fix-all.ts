import type { Applicability, Finding, TextEdit } from "../finding.ts";

/** The fixes that can be applied together. Two may share an edit (the same import), but not overlap otherwise. */
export function combineFixes(
  findings: readonly Finding[],
  applicability: Applicability,
): { edits: TextEdit[]; count: number } {
  const accepted: TextEdit[] = [];
  let count = 0;
  for (const { fix } of findings) {
    if (!fix || (fix.applicability === "unsafe" && applicability === "safe")) continue;
    const added = fix.edits.filter((edit) => !accepted.some((other) => same(edit, other)));
    if (added.some((edit) => accepted.some((other) => overlaps(edit, other)))) continue;
    accepted.push(...added);
    count += 1;
  }
  return { edits: accepted.sort((a, b) => a.range.start - b.range.start), count };
}

const same = (a: TextEdit, b: TextEdit) =>
  a.range.start === b.range.start && a.range.end === b.range.end && a.newText === b.newText;

function overlaps(a: TextEdit, b: TextEdit): boolean {
  if (a.range.start === b.range.start) return true;
  return a.range.start < b.range.end && b.range.start < a.range.end;
}
