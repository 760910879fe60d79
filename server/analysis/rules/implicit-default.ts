import { appendEntry } from "../fixes/append.ts";
import { formatNumber } from "../fixes/insert-clip.ts";
import type { DefaultHistory } from "../frameworks/framework.ts";
import { rangeOf } from "../syntax/ast.ts";
import type { Rule } from "./rule.ts";

const documentation = `
## What it finds
A configuration that leaves clipping to the framework's default, where that default differs between versions.

## Why it is bad
The same script clips or doesn't, depending on what happens to be installed. Until DeepSpeed 0.19.2 a missing
\`gradient_clipping\` meant no clipping; from 0.19.3 on it means a norm of 1.0.

## Examples
Wrong:
\`\`\`python
import deepspeed
import torch

config = {
    "train_batch_size": 8,
    "optimizer": {"type": "AdamW"},
}
engine, _, _, _ = deepspeed.initialize(model=torch.nn.Linear(8, 8), config=config)

for x in [torch.zeros(8, 8)]:
    engine.backward(engine(x).sum())
    engine.step()
\`\`\`

Right:
\`\`\`python
import deepspeed
import torch

config = {
    "train_batch_size": 8,
    "optimizer": {"type": "AdamW"},
    "gradient_clipping": 1.0,
}
engine, _, _, _ = deepspeed.initialize(model=torch.nn.Linear(8, 8), config=config)

for x in [torch.zeros(8, 8)]:
    engine.backward(engine(x).sum())
    engine.step()
\`\`\`

## Fix
Unsafe: the newest version's default, written out.

## Sources
- DeepSpeed: [configuration](https://www.deepspeed.ai/docs/config-json/#gradient-clipping), and its \`runtime/constants.py\` in 0.19.2 and 0.19.3
`;

export const implicitDefault: Rule = {
  name: "implicit-default",
  title: "Clipping rests on a default that differs between versions",
  defaultSeverity: "information",
  since: "0.1.0",
  frameworks: ["DeepSpeed"],
  documentation,
  *check(facts) {
    const reported = new Set<object>();
    for (const { step } of facts.updates) {
      const [only, ...others] = step.optimizer.configured;
      if (!only?.changed || others.length > 0 || only.node.kind !== "dict" || reported.has(only.node)) continue;
      reported.add(only.node);
      const { start, end } = rangeOf(only.node);
      const newline = facts.text.indexOf("\n", start);
      const newest = only.changed.values.at(-1)?.threshold;
      const edit =
        typeof newest === "number" &&
        appendEntry(facts.text, only.node, `"gradient_clipping": ${formatNumber(newest)}`);
      yield {
        severity: "information",
        message: `\`gradient_clipping\` is left out: ${describeChange(only.changed)}.`,
        range: { start, end: newline === -1 ? end : Math.min(end, newline) },
        related: [{ range: rangeOf(step.node), message: "The update" }],
        fix: edit ? { applicability: "unsafe", title: "Write the default out", edits: [edit] } : null,
      };
    }
  },
};

/** "no clipping before deepspeed 0.19.3, a norm of 1.0 from then on" */
export function describeChange({ distribution, values }: DefaultHistory): string {
  const [first, second] = values;
  const say = (threshold: number | null | undefined) =>
    typeof threshold === "number" ? `a norm of ${formatNumber(threshold)}` : "no clipping";
  return `that means ${say(first?.threshold)} before ${distribution} ${second?.since ?? ""}, and ${say(second?.threshold)} since`;
}
