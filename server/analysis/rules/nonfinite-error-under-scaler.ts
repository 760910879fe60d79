import { enclosing } from "../facts/derived/enclosing.ts";
import { isUnscaled } from "../facts/derived/order.ts";
import { isDisabled } from "../facts/derived/scaler.ts";
import type { ClipEvent, UpdateSite } from "../facts/events/events.ts";
import { type Facts, sourceOf } from "../facts/facts.ts";
import type { TextEdit } from "../finding.ts";
import { removeArgument } from "../fixes/remove-argument.ts";
import { rangeOf } from "../syntax/ast.ts";
import type { Rule } from "./rule.ts";

const documentation = `
## What it finds
Mixed precision: a clip that raises an error for infinite gradients, between \`unscale_\` and the scaler's step.

## Why it is bad
Infinite gradients are routine there. A \`GradScaler\` starts with a scale that is too high, and raises it again and again
until some overflow; it then skips that step and lowers the scale. The error ends the run at the first of them.

## Examples
Wrong:
\`\`\`python
import torch

model = torch.nn.Linear(8, 8)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scaler = torch.amp.GradScaler("cuda")

for x in [torch.zeros(4, 8)]:
    optimizer.zero_grad()
    scaler.scale(model(x).sum()).backward()
    scaler.unscale_(optimizer)
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0, error_if_nonfinite=True)
    scaler.step(optimizer)
    scaler.update()
\`\`\`

Right:
\`\`\`python
import torch

model = torch.nn.Linear(8, 8)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scaler = torch.amp.GradScaler("cuda")

for x in [torch.zeros(4, 8)]:
    optimizer.zero_grad()
    scaler.scale(model(x).sum()).backward()
    scaler.unscale_(optimizer)
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    scaler.step(optimizer)
    scaler.update()
\`\`\`

## Fix
Unsafe: without the argument a run goes on where it would have ended. The scaler still skips the step.

## When it is silent
A scaler that is switched off; a clip inside \`try\`; a clip that an update without the scaler shares.

## Sources
- PyTorch: [\`GradScaler.step\`](https://docs.pytorch.org/docs/stable/amp.html#torch.amp.GradScaler.step) skips steps with infinite or NaN gradients
`;

export const nonfiniteErrorUnderScaler: Rule = {
  name: "nonfinite-error-under-scaler",
  title: "A clip raises an error for overflows that the scaler handles",
  defaultSeverity: "warning",
  since: "0.1.0",
  frameworks: ["PyTorch"],
  documentation,
  *check(facts) {
    const seen = new Set<object>();
    for (const { clip } of facts.clips) {
      if (seen.has(clip.node) || !raises(facts, clip)) continue;
      seen.add(clip.node);
      const scaled = facts.updates.filter((update) => comesThrough(update, clip));
      const [update] = scaled;
      if (!update?.step.scaler || !scaled.every((each) => handlesOverflow(facts, each, clip))) continue;
      const edit = fix(facts, clip);
      yield {
        severity: "warning",
        message: `Overflows are routine under \`${sourceOf(facts, update.step.scaler)}\`, which skips those steps; here the first one ends the run.`,
        range: clip.raises ? rangeOf(clip.raises) : rangeOf(clip.node),
        related: [{ range: rangeOf(update.step.node), message: "A step with infinite gradients is skipped here" }],
        fix: edit && { applicability: "unsafe", title: "Leave overflows to the scaler", edits: [edit] },
      };
    }
  },
};

function raises(facts: Facts, clip: ClipEvent): boolean {
  const { raises: given, frame, scope } = clip;
  if (!given || enclosing(facts, clip).some(({ statement }) => statement.kind === "try")) return false;
  const values = facts.values.evaluate(given, frame, scope);
  return values.length > 0 && values.every((value) => value.kind === "literal" && isTrue(value.node));
}

const isTrue = (node: ClipEvent["node"]) => node.kind === "constant" && node.value === true;

const comesThrough = ({ paths }: UpdateSite, clip: ClipEvent) =>
  paths.some((path) => path.some((event) => event.node === clip.node));

function handlesOverflow(facts: Facts, { step, paths }: UpdateSite, clip: ClipEvent): boolean {
  if (!step.scaler || isDisabled(facts, { ...step, node: step.scaler })) return false;
  return paths.some((path) => {
    const index = path.findIndex((event) => event.node === clip.node);
    return index !== -1 && isUnscaled(path.slice(0, index), step);
  });
}

function fix(facts: Facts, { call, raises: given }: ClipEvent): TextEdit | null {
  const argument = call?.arguments.find(({ value }) => value === given);
  return call && argument ? removeArgument(facts.text, call, argument) : null;
}
