import { guardsOf } from "../facts/derived/guards.ts";
import { type Siblings, siblings } from "../facts/derived/siblings.ts";
import type { ClipEvent, UpdateSite } from "../facts/events/events.ts";
import { type Facts, sourceOf } from "../facts/facts.ts";
import type { Fix, Severity } from "../finding.ts";
import { express } from "../fixes/expressions.ts";
import { insertClip } from "../fixes/insert-clip.ts";
import { rangeOf } from "../syntax/ast.ts";
import type { Rule } from "./rule.ts";

const documentation = `
## What it finds
A training function that clips one of its updates and not another: the mixed-precision branch but not the other one, one
of several optimizers, the shared network but not the separate ones. It stands at the clip and names the others, each of
which \`missing-clipping\` reports by itself.

## Why it is bad
Whoever wrote the clip wanted it. What trains without it in the same place is most often an oversight, and shows only in
the run that takes the other branch.

## Examples
Wrong:
\`\`\`python
import torch

model = torch.nn.Linear(8, 8)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scaler = torch.amp.GradScaler("cuda") if torch.cuda.is_available() else None

for x in [torch.zeros(4, 8)]:
    optimizer.zero_grad()
    loss = model(x).sum()
    if scaler:
        scaler.scale(loss).backward()
        scaler.unscale_(optimizer)
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        scaler.step(optimizer)
        scaler.update()
    else:
        loss.backward()
        optimizer.step()
\`\`\`

Right:
\`\`\`python
import torch

model = torch.nn.Linear(8, 8)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scaler = torch.amp.GradScaler("cuda") if torch.cuda.is_available() else None

for x in [torch.zeros(4, 8)]:
    optimizer.zero_grad()
    loss = model(x).sum()
    if scaler:
        scaler.scale(loss).backward()
        scaler.unscale_(optimizer)
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        scaler.step(optimizer)
        scaler.update()
    else:
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)
        optimizer.step()
\`\`\`

## Severity
A warning where the same optimizer is clipped on one branch and not on the other; information where optimizers differ; a
hint for a pair that is updated in turn, since a GAN's critic may be clipped alone on purpose.

## Fix
Unsafe: the others are clipped too, to the same threshold.

## When it is silent
A clip under a condition (\`if args.clip:\`) before one and the same update is a setting, not an inconsistency; updates in
different functions are not compared.

## Sources
- PyTorch: [Working with multiple models, losses and optimizers](https://docs.pytorch.org/docs/stable/notes/amp_examples.html#working-with-multiple-models-losses-and-optimizers)
`;

const SEVERITY: Readonly<Record<Siblings["relation"], Severity>> = {
  same: "warning",
  alternatives: "information",
  several: "information",
  pair: "hint",
};

export const inconsistentClipping: Rule = {
  name: "inconsistent-clipping",
  title: "Some updates of a training function are clipped, others are not",
  defaultSeverity: "warning",
  since: "0.1.0",
  frameworks: ["PyTorch", "Accelerate", "Lightning Fabric", "Lightning"],
  alongside: ["missing-clipping"],
  documentation,
  *check(facts) {
    for (const { clip, clipped, unclipped, relation } of siblings(facts)) {
      const name = sourceOf(facts, clipped.step.optimizer.node);
      const others = listed([...new Set(unclipped.map(({ step }) => `\`${sourceOf(facts, step.optimizer.node)}\``))]);
      yield {
        severity: SEVERITY[relation],
        message:
          relation === "same"
            ? `\`${name}\` is clipped here, and not on the other branch.`
            : `\`${name}\` is clipped here, and ${others} beside it ${unclipped.length > 1 ? "are" : "is"} not.`,
        range: rangeOf(clip.node),
        related: unclipped.map(({ step }) => ({ range: rangeOf(step.node), message: "This update is unclipped" })),
        fix: fix(facts, clip, clipped, unclipped),
      };
    }
  },
};

function listed(names: readonly string[]): string {
  const last = names.at(-1) ?? "";
  return names.length > 1 ? `${names.slice(0, -1).join(", ")} and ${last}` : last;
}

function fix(facts: Facts, clip: ClipEvent, clipped: UpdateSite, unclipped: readonly UpdateSite[]): Fix | null {
  // Under a condition of its own the threshold may be 0 or None.
  const shared = new Set<object | null>(guardsOf(facts, clipped.step).map(({ test }) => test));
  if (clip.how !== "norm" || guardsOf(facts, clip).some(({ test }) => !shared.has(test))) return null;
  const edits = unclipped.map((site) => {
    const threshold = thresholdAt(facts, clip, site);
    return threshold && insertClip(facts, site, threshold);
  });
  const found = edits.filter((each) => each !== null && each !== "");
  if (found.length !== unclipped.length) return null;
  const title = unclipped.length > 1 ? "Clip the others, too" : "Clip the other one, too";
  return { applicability: "unsafe", title, edits: found.flat() };
}

function thresholdAt(facts: Facts, { threshold, frame, scope }: ClipEvent, { step }: UpdateSite): string | null {
  if (!threshold) return null;
  if (threshold.kind === "number") return sourceOf(facts, threshold);
  return express(facts, { node: threshold, frame, scope }, step);
}
