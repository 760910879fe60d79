import { type Change, changesAfterClip, type ZeroedUpdate, zeroedUpdates } from "../facts/derived/changes.ts";
import { clipsOf } from "../facts/derived/order.ts";
import { clipsAfterHooks } from "../facts/derived/steps-in-backward.ts";
import { type Facts, sourceOf } from "../facts/facts.ts";
import type { TextEdit } from "../finding.ts";
import { insertAfter } from "../fixes/layout.ts";
import { moveClip } from "../fixes/move.ts";
import { takeOut } from "../fixes/place.ts";
import { rangeOf } from "../syntax/ast.ts";
import type { Rule } from "./rule.ts";

const documentation = `
## What it finds
Gradients that the update doesn't take as the clip left them: they are zeroed in between, summed over the processes by
hand, divided, or added to by the backward pass of another loss. A clip after a backward pass in which the optimizer has
stepped already.

## Why it is bad
Zeroed gradients train nothing. Where each process clips before the sum, it clips by the norm of its own share: the sum
is bounded by the number of processes times the threshold, and a process with one bad batch counts for less than it
should. Divided after the clip, gradients are clipped to a fraction of the threshold. What another loss adds is not
bounded at all.

## Examples
Wrong:
\`\`\`python
import torch
import torch.distributed as dist

model = torch.nn.LSTM(8, 16)
optimizer = torch.optim.Adam(model.parameters())

for x in [torch.zeros(4, 2, 8)]:
    optimizer.zero_grad()
    model(x)[0].sum().backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    for p in model.parameters():
        dist.all_reduce(p.grad)
        p.grad /= dist.get_world_size()
    optimizer.step()
\`\`\`

Right:
\`\`\`python
import torch
import torch.distributed as dist

model = torch.nn.LSTM(8, 16)
optimizer = torch.optim.Adam(model.parameters())

for x in [torch.zeros(4, 2, 8)]:
    optimizer.zero_grad()
    model(x)[0].sum().backward()
    for p in model.parameters():
        dist.all_reduce(p.grad)
        p.grad /= dist.get_world_size()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
\`\`\`

## Fix
Unsafe: the clip moves behind what changes the gradients; zeroing moves behind the update.

## When it is silent
Multiplication and noise after the clip, which have uses (a learning rate for each layer, differential privacy); a change
under a condition of its own; another backward pass where there are several optimizers or models, or the clip may only
measure; anything that can't be seen in between.

## Sources
- Horovod: [\`DistributedOptimizer\`](https://horovod.readthedocs.io/en/stable/api.html#horovod.torch.DistributedOptimizer), whose
  \`synchronize()\` sums the gradients before they are clipped
- PyTorch: [Optimizer in backward](https://docs.pytorch.org/tutorials/intermediate/optimizer_step_in_backward_tutorial.html)
`;

export const changedAfterClip: Rule = {
  name: "changed-after-clip",
  title: "Gradients change between the clip and the update",
  defaultSeverity: "warning",
  since: "0.1.0",
  frameworks: ["PyTorch", "Accelerate", "Lightning Fabric", "Lightning"],
  documentation,
  *check(facts) {
    const reported = new Set<object>();
    for (const zeroed of zeroedUpdates(facts)) {
      if (reported.has(zeroed.zeroed.node)) continue;
      reported.add(zeroed.zeroed.node);
      yield reportZeroed(facts, zeroed);
    }
    for (const change of changesAfterClip(facts)) {
      if (reported.has(change.event.node)) continue;
      reported.add(change.event.node);
      yield reportChange(facts, change);
    }
    for (const { clip, hook } of clipsAfterHooks(facts))
      yield {
        severity: "warning" as const,
        message: "This clip has no effect: the optimizer has stepped in the backward pass, as each gradient was made.",
        range: rangeOf(clip.node),
        related: [{ range: rangeOf(hook), message: "The hook that steps is registered here" }],
        fix: null,
      };
  },
};

function reportZeroed(facts: Facts, { zeroed, step }: ZeroedUpdate) {
  const removed = takeOut(facts.text, facts.statements, zeroed.statement);
  const inserted = insertAfter(facts.text, step.statement, [sourceOf(facts, zeroed.node)]);
  // An update that nothing clips would be the next finding.
  const clipped = facts.updates.some((update) => update.step.node === step.node && clipsOf(facts, update).length > 0);
  const alone = zeroed.statement.kind === "expression";
  const edits = removed && inserted && alone && clipped ? [removed, inserted] : null;
  return {
    severity: "warning" as const,
    message: `The update of \`${sourceOf(facts, step.optimizer.node)}\` takes no gradients: they are zeroed here, after the backward pass.`,
    range: rangeOf(zeroed.node),
    related: [{ range: rangeOf(step.node), message: "The update" }],
    fix: edits && { applicability: "unsafe" as const, title: "Zero the gradients after the update", edits },
  };
}

const MESSAGES: Readonly<Record<Change["how"], string>> = {
  reduced:
    "Each process has clipped its own share before this sum: the update takes gradients that nothing clips as a whole.",
  divided: "The gradients are divided after the clip, so that they are clipped to a fraction of its threshold.",
  added: "This backward pass adds to gradients that are clipped already: the update takes a sum that nothing clips.",
};

function reportChange(facts: Facts, { how, event, clip, step }: Change) {
  const edits: TextEdit[] | null = moveClip(facts, clip, step);
  return {
    severity: how === "divided" ? ("information" as const) : ("warning" as const),
    message: MESSAGES[how],
    range: rangeOf(event.node),
    related: [{ range: rangeOf(clip.node), message: "They are clipped here" }],
    fix: edits && { applicability: "unsafe" as const, title: "Clip after it", edits },
  };
}
