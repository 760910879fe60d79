import { thresholdSource } from "../facts/derived/threshold.ts";
import { type Threshold, thresholdsOf } from "../facts/derived/thresholds.ts";
import type { ClipEvent } from "../facts/events/events.ts";
import { type Facts, sourceOf } from "../facts/facts.ts";
import { rangeOf } from "../syntax/ast.ts";
import type { Rule } from "./rule.ts";

const documentation = `
## What it finds
A threshold that is far out of the range that recipes use: a norm below 0.0001 or above 10000, a bound for each component
below 0.00000001 or above 10000.

## Why it is bad
Published recipes clip the norm somewhere between 0.01 and 100. Far below, every gradient is clipped, so that only its
direction is left and the threshold acts as a learning rate. Far above, none ever is. Both come from a slipped digit, or
from a threshold meant for gradients that are scaled otherwise.

## Examples
Wrong:
\`\`\`python
import torch

model = torch.nn.Linear(8, 8)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

for x in [torch.zeros(4, 8)]:
    optimizer.zero_grad()
    model(x).sum().backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1e-6)
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
None: the gradients of a recorded run say which threshold fits.

## When it is silent
A large number in a call whose result is used: it measures the norm and means to clip nothing.

## Sources
- Pascanu, Mikolov, Bengio: [On the difficulty of training recurrent neural networks](https://arxiv.org/abs/1211.5063)
`;

export const LARGEST = 1e4;
export const SMALLEST_NORM = 1e-4;
const SMALLEST_COMPONENT = 1e-8;

export const unlikelyThreshold: Rule = {
  name: "unlikely-threshold",
  title: "The threshold is out of the range of every recipe",
  defaultSeverity: "information",
  since: "0.1.0",
  frameworks: ["PyTorch", "Accelerate", "Fabric", "Lightning", "Keras", "Optax"],
  documentation,
  *check(facts) {
    const reported = new Set<object>();
    for (const threshold of thresholdsOf(facts)) {
      const source = thresholdSource(facts, threshold);
      if ("unknown" in source || source.value === null || reported.has(threshold.place)) continue;
      const effect = effectOf(facts, source.value, threshold);
      if (!effect) continue;
      reported.add(threshold.place);
      const there = source.literal !== threshold.node;
      const is = there
        ? `\`${sourceOf(facts, threshold.node)}\` is ${source.value}`
        : `${source.value} is the threshold`;
      yield {
        severity: "information",
        message: `${is}${source.isDefault ? " by default" : ""}: ${effect}.`,
        range: rangeOf(threshold.place),
        related: there ? [{ range: rangeOf(source.literal), message: "The threshold comes from here" }] : [],
        fix: null,
      };
    }
  },
};

function effectOf(facts: Facts, value: number, { kind, clip }: Threshold): string | null {
  if (kind !== "norm" && kind !== "per-variable-norm" && kind !== "value") return null;
  const smallest = kind === "value" ? SMALLEST_COMPONENT : SMALLEST_NORM;
  if (value > 0 && value < smallest) return "it clips nearly every gradient, and acts as a learning rate";
  return value > LARGEST && Number.isFinite(value) && !(clip && mayMeasure(facts, clip))
    ? "nearly no gradient is as large as that"
    : null;
}

/** Who uses the result may only want to know the norm, unless an update is given it. */
function mayMeasure({ updates }: Facts, { call, gradients, node, statement }: ClipEvent): boolean {
  if (gradients) return !updates.some(({ step }) => call && step.gradients?.clips.has(call));
  return statement.kind !== "expression" || statement.value !== node;
}
