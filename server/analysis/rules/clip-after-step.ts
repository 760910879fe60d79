import { lateClips } from "../facts/derived/order.ts";
import { sourceOf } from "../facts/facts.ts";
import { moveClip } from "../fixes/move.ts";
import { rangeOf } from "../syntax/ast.ts";
import type { Rule } from "./rule.ts";

const documentation = `
## What it finds
A clip that stands after the update it should protect.

## Why it is bad
The optimizer has already used the unclipped gradients. The clip changes numbers that the next \`zero_grad\` throws away:
training runs exactly as if it were not there.

## Examples
Wrong:
\`\`\`python
import torch

model = torch.nn.LSTM(8, 16)
optimizer = torch.optim.Adam(model.parameters())

for x in [torch.zeros(4, 2, 8)]:
    optimizer.zero_grad()
    model(x)[0].sum().backward()
    optimizer.step()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
\`\`\`

Right:
\`\`\`python
import torch

model = torch.nn.LSTM(8, 16)
optimizer = torch.optim.Adam(model.parameters())

for x in [torch.zeros(4, 2, 8)]:
    optimizer.zero_grad()
    model(x)[0].sum().backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
\`\`\`

## Fix
Unsafe: the clip moves in front of the update and so begins to act.

## Sources
- [graphstorm #1366](https://github.com/awslabs/graphstorm/pull/1366): five trainers clipped after the step
`;

export const clipAfterStep: Rule = {
  name: "clip-after-step",
  title: "Gradients are clipped after the update",
  defaultSeverity: "warning",
  since: "0.1.0",
  frameworks: ["PyTorch", "Accelerate", "Lightning"],
  documentation,
  *check(facts) {
    for (const { clip, step } of lateClips(facts)) {
      const edits = moveClip(facts, clip, step);
      yield {
        severity: "warning",
        message: `This clip has no effect: \`${sourceOf(facts, step.optimizer.node)}\` has already made its update.`,
        range: rangeOf(clip.node),
        related: [{ range: rangeOf(step.node), message: "The update happens here" }],
        fix: edits && { applicability: "unsafe", title: "Move the clip before the update", edits },
      };
    }
  },
};
