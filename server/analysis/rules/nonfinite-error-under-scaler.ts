import { enclosing } from "../facts/derived/enclosing.ts";
import { comesThrough, isUnscaled } from "../facts/derived/order.ts";
import { isDisabled, scalesByItself } from "../facts/derived/scaler.ts";
import type { ClipEvent, UpdateSite } from "../facts/events/events.ts";
import { type Facts, sourceOf } from "../facts/facts.ts";
import type { TextEdit } from "../finding.ts";
import { appendArgument } from "../fixes/append.ts";
import { removeArgument } from "../fixes/remove-argument.ts";
import { type Expression, rangeOf } from "../syntax/ast.ts";
import type { Rule } from "./rule.ts";

const documentation = `
## What it finds
Mixed precision: a clip that raises an error for infinite gradients, between \`unscale_\` and the scaler's step. Fabric's
\`clip_gradients\` does so unless it is told not to, and scales by itself with \`precision="16-mixed"\`.

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

With Fabric: \`fabric.clip_gradients(model, optimizer, max_norm=1.0, error_if_nonfinite=False)\`.

## Fix
Unsafe: a run goes on where it would have ended. The scaler still skips the step.

## When it is silent
A scaler that is switched off; a clip inside \`try\`; a clip that an update without the scaler shares.

## Sources
- PyTorch: [\`GradScaler.step\`](https://docs.pytorch.org/docs/stable/amp.html#torch.amp.GradScaler.step) skips steps with infinite or NaN gradients
- Lightning: [\`Fabric.clip_gradients\`](https://lightning.ai/docs/fabric/stable/api/fabric_methods.html#clip-gradients)
`;

export const nonfiniteErrorUnderScaler: Rule = {
  name: "nonfinite-error-under-scaler",
  title: "A clip raises an error for overflows that the scaler handles",
  defaultSeverity: "warning",
  since: "0.1.0",
  frameworks: ["PyTorch", "Lightning Fabric"],
  documentation,
  *check(facts) {
    const seen = new Set<object>();
    for (const { clip } of facts.clips) {
      if (seen.has(clip.node) || !raises(facts, clip)) continue;
      seen.add(clip.node);
      const scaled = facts.updates.filter((update) => comesThrough(facts, update, clip));
      const [update] = scaled;
      const scaler = update && (update.step.scaler ?? scalingReceiver(facts, clip));
      if (!scaler || !scaled.every((each) => handlesOverflow(facts, each, clip))) continue;
      const edit = fix(facts, clip);
      yield {
        severity: "warning",
        message: `Overflows are routine under \`${sourceOf(facts, scaler)}\`, which skips those steps; here the first one ends the run.`,
        range: clip.raises ? rangeOf(clip.raises) : rangeOf(clip.node),
        related: [{ range: rangeOf(update.step.node), message: "A step with infinite gradients is skipped here" }],
        fix: edit && { applicability: "unsafe", title: "Leave overflows to the scaler", edits: [edit] },
      };
    }
  },
};

function raises(facts: Facts, clip: ClipEvent): boolean {
  const { raises: given, raisesByDefault, call, frame, scope } = clip;
  if (enclosing(facts, clip).some(({ statement }) => statement.kind === "try")) return false;
  if (!given) return raisesByDefault && call?.arguments.every(({ stars }) => stars === 0) === true;
  const values = facts.values.evaluate(given, frame, scope);
  return values.length > 0 && values.every((value) => value.kind === "literal" && isTrue(value.node));
}

const isTrue = (node: ClipEvent["node"]) => node.kind === "constant" && node.value === true;

function handlesOverflow(facts: Facts, { step, paths }: UpdateSite, clip: ClipEvent): boolean {
  if (!step.scaler) return scalingReceiver(facts, clip) !== null;
  if (isDisabled(facts, { ...step, node: step.scaler })) return false;
  return paths.some((path) => {
    const index = path.findIndex((event) => event.node === clip.node);
    return index !== -1 && isUnscaled(path.slice(0, index), step);
  });
}

/** What clips, where it scales as well. */
function scalingReceiver(facts: Facts, clip: ClipEvent): Expression | null {
  const node = clip.call?.callee.kind === "attribute" ? clip.call.callee.object : null;
  return node && scalesByItself(facts, clip.framework, { ...clip, node }) ? node : null;
}

function fix(facts: Facts, { call, raises: given, raisesByDefault }: ClipEvent): TextEdit | null {
  if (raisesByDefault)
    return given
      ? { range: rangeOf(given), newText: "False" }
      : call && appendArgument(facts.text, call, "error_if_nonfinite=False");
  const argument = call?.arguments.find(({ value }) => value === given);
  return call && argument ? removeArgument(facts.text, call, argument) : null;
}
