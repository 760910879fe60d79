import { clipsInHooks } from "../facts/derived/clips-in-hooks.ts";
import { earlyClips } from "../facts/derived/early-clips.ts";
import { sourceOf } from "../facts/facts.ts";
import { moveClip } from "../fixes/move.ts";
import { moveToHook } from "../fixes/move-to-hook.ts";
import { rangeOf } from "../syntax/ast.ts";
import type { Rule } from "./rule.ts";

const documentation = `
## What it finds
A clip that stands before the backward pass that makes the gradients: in a loop, or in a method that a framework calls
before its own backward pass (\`training_step\` of a \`LightningModule\`, \`compute_loss\` of a \`Trainer\`).

## Why it is bad
There is nothing to clip yet: the gradients are zero, or \`None\`. The backward pass then makes new ones, and the update
takes them as they are. Training runs exactly as if the clip were not there.

## Examples
Wrong:
\`\`\`python
import torch

model = torch.nn.LSTM(8, 16)
optimizer = torch.optim.Adam(model.parameters())

for x in [torch.zeros(4, 2, 8)]:
    optimizer.zero_grad()
    loss = model(x)[0].sum()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    loss.backward()
    optimizer.step()
\`\`\`

Right:
\`\`\`python
import torch

model = torch.nn.LSTM(8, 16)
optimizer = torch.optim.Adam(model.parameters())

for x in [torch.zeros(4, 2, 8)]:
    optimizer.zero_grad()
    loss = model(x)[0].sum()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
\`\`\`

## Fix
Unsafe: the clip moves after the backward pass, in a \`LightningModule\` to \`on_before_optimizer_step\`, and so begins to
act.

## When it is silent
Where gradients of an earlier backward pass may be there to clip (accumulation, no \`zero_grad\` in sight), and where
something else clips the update. A \`LightningModule\` that optimises by hand (\`automatic_optimization\`).

## Sources
- PyTorch: [\`clip_grad_norm_\`](https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.clip_grad_norm_.html)
`;

export const clipBeforeBackward: Rule = {
  name: "clip-before-backward",
  title: "Gradients are clipped before they exist",
  defaultSeverity: "warning",
  since: "0.1.0",
  frameworks: ["PyTorch", "Accelerate", "Lightning Fabric", "Lightning", "Hugging Face Transformers"],
  documentation,
  *check(facts) {
    for (const { clip, step, backward } of earlyClips(facts)) {
      const edits = moveClip(facts, clip, step);
      yield {
        severity: "warning",
        message: `This clip has no effect: the gradients that \`${sourceOf(facts, step.optimizer.node)}\` takes are made after it.`,
        range: rangeOf(clip.node),
        related: [
          { range: rangeOf(backward.node), message: "They are made here" },
          { range: rangeOf(step.node), message: "The update takes them here" },
        ],
        fix: edits && { applicability: "unsafe", title: "Move the clip after the backward pass", edits },
      };
    }
    for (const found of clipsInHooks(facts)) {
      const edits = moveToHook(facts, found);
      yield {
        severity: "warning",
        message: `This clip doesn't act on the update: ${found.framework.title} makes the gradients after \`${found.method.name}\`.`,
        range: rangeOf(found.clip.node),
        related: [],
        fix: edits && {
          applicability: "unsafe",
          title: `Move the clip to \`${found.hook.instead?.name}\``,
          edits,
        },
      };
    }
  },
};
