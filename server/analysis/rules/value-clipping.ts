import { clipsOf } from "../facts/derived/order.ts";
import { thresholdsOf } from "../facts/derived/thresholds.ts";
import type { ClipEvent } from "../facts/events/events.ts";
import { rangeOf } from "../syntax/ast.ts";
import type { Rule } from "./rule.ts";

const documentation = `
## What it finds
Clipping by value: \`clip_grad_value_\`, \`clipvalue\`.

## Why it is bad
Each component is cut off by itself, so that the gradient points elsewhere afterwards: components that were ten times as
large as others become as large. Clipping by norm scales all of them by one factor and keeps the direction. It is a hint,
since some recipes were tuned with clipping by value.

## Examples
Wrong:
\`\`\`python
import torch

model = torch.nn.Linear(8, 8)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

for x in [torch.zeros(4, 8)]:
    optimizer.zero_grad()
    model(x).sum().backward()
    torch.nn.utils.clip_grad_value_(model.parameters(), 0.5)
    optimizer.step()
\`\`\`

Right:
\`\`\`python
import torch

model = torch.nn.Linear(8, 8)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

for x in [torch.zeros(4, 8)]:
    optimizer.zero_grad()
    model(x).sum().backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
\`\`\`

## Fix
None: a bound for each component says nothing of a threshold for the norm. A recorded run does.

## When it is silent
A function that clips by value, without an update in the same file.

## Sources
- Goodfellow, Bengio, Courville: [Deep Learning, section 10.11.1](https://www.deeplearningbook.org/contents/rnn.html)
- PyTorch: [\`clip_grad_value_\`](https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.clip_grad_value_.html)
`;

export const valueClipping: Rule = {
  name: "value-clipping",
  title: "Clipping by value changes the direction of the gradient",
  defaultSeverity: "hint",
  since: "0.1.0",
  frameworks: ["PyTorch", "Accelerate", "Keras", "Optax"],
  documentation,
  *check(facts) {
    // A library that offers to clip by value is none that does.
    const isUsed = (clip: ClipEvent) =>
      facts.updates.some((update) =>
        clip.gradients
          ? clipsOf(facts, update).some(({ node }) => node === clip.node)
          : facts.parameters.mayCover(clip, update.step.optimizer),
      );
    const places = thresholdsOf(facts).flatMap(({ kind, place, clip }) =>
      kind === "value" && (!clip || isUsed(clip)) ? [place] : [],
    );
    for (const place of new Set(places))
      yield {
        severity: "hint",
        message:
          "This cuts off each component by itself, which changes the direction of the gradient. Clipping by norm keeps it.",
        range: rangeOf(place),
        related: [],
        fix: null,
      };
  },
};
