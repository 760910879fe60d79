import type { Suppression } from "../facts/suppressions.ts";
import type { Fix, TextEdit } from "../finding.ts";
import type { Rule, Run } from "./rule.ts";

const documentation = `
## What it finds
A \`# gradsight: ignore\` comment that silences nothing, and a name in one that is no rule's.

A rule that is switched off, a file that is left out and one that doesn't parse can't show that a comment is needed, so
nothing is said of it there. Nor of \`# gradsight: ignore-file\` without rules, which asks not to look.

## Why it is bad
The comment says that something is wrong here and accepted, when nothing is, and it would hide the next real finding.
One that names no rule never worked.

## Examples
Wrong:
\`\`\`python
import torch

model = torch.nn.LSTM(8, 8)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
model(torch.zeros(4, 8))[0].sum().backward()
torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
optimizer.step()  # gradsight: ignore[missing-clipping]
\`\`\`

Right:
\`\`\`python
import torch

model = torch.nn.LSTM(8, 8)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
model(torch.zeros(4, 8))[0].sum().backward()
torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
optimizer.step()
\`\`\`

## Fix
Safe: removes the comment, or what it names in vain; whatever else the comment says stays.

## Sources
- The same for \`noqa\`: [Ruff's RUF100](https://docs.astral.sh/ruff/rules/unused-noqa/)
`;

export const unusedSuppression: Rule = {
  name: "unused-suppression",
  title: "A suppression comment that silences nothing",
  defaultSeverity: "information",
  since: "0.1.0",
  frameworks: ["every framework"],
  documentation,
  *check({ text, suppressions }, run) {
    if (suppressions.all.length === 0 || !run.readable()) return;
    for (const suppression of suppressions.all) {
      const finding = verdict(suppression, run);
      if (!finding) continue;
      yield {
        severity: "information",
        message: finding.message,
        range: suppression.range,
        related: [],
        fix: fix(text, suppression, finding.kept),
        unnecessary: true,
      };
    }
  },
};

/** What is wrong with it, and the names that may stay; null where nothing is. */
function verdict(suppression: Suppression, run: Run): { message: string; kept: readonly string[] } | null {
  const used = run.silenced.get(suppression);
  const { names, scope } = suppression;
  if (names === null) {
    if (scope === "file" || used || !run.allActive) return null;
    return { message: "This comment suppresses nothing.", kept: [] };
  }
  const unknown = names.filter((name) => !run.rules.has(name));
  const idle = names.filter((name) => run.active.has(name) && name !== unusedSuppression.name && !used?.has(name));
  if (names.length > 0 && unknown.length === 0 && idle.length === 0) return null;
  const kept = names.filter((name) => !unknown.includes(name) && !idle.includes(name));
  const missing = unknown.length === 0 ? "" : `There is no rule ${quoted(unknown)}. `;
  const vain = kept.length === 0 ? "This comment suppresses nothing." : `Nothing here needs ${quoted(idle)}.`;
  return { message: `${missing}${kept.length > 0 && idle.length === 0 ? "" : vain}`.trim(), kept };
}

const quoted = (names: readonly string[]) => names.map((name) => `\`${name}\``).join(" or ");

function fix(text: string, suppression: Suppression, kept: readonly string[]): Fix {
  const { list } = suppression;
  if (kept.length > 0 && list)
    return {
      applicability: "safe",
      title: "Remove what it names in vain",
      edits: [{ range: list, newText: kept.join(", ") }],
    };
  return { applicability: "safe", title: "Remove the comment", edits: [removal(text, suppression)] };
}

/** What else the comment says stays a comment. */
function removal(text: string, { range, comment }: Suppression): TextEdit {
  const after = text.slice(range.end, comment.end);
  if (text.slice(comment.start, range.start).trim() !== "")
    return { range: { start: withoutSpace(text, range.start), end: range.end }, newText: "" };
  if (after.trim() !== "") {
    const rest = range.end + after.search(/\S/);
    return { range: { start: range.start, end: rest }, newText: text[rest] === "#" ? "" : "# " };
  }
  const start = withoutSpace(text, comment.start);
  const whole = start === 0 || /[\r\n]/.test(text[start - 1]!);
  const lineEnd = /^(?:\r\n|\r|\n)?/.exec(text.slice(comment.end, comment.end + 2))![0].length;
  return { range: { start, end: comment.end + (whole ? lineEnd : 0) }, newText: "" };
}

/** Where the spaces and tabs before `offset` start. */
function withoutSpace(text: string, offset: number): number {
  let start = offset;
  while (start > 0 && /[ \t]/.test(text[start - 1]!)) start -= 1;
  return start;
}
