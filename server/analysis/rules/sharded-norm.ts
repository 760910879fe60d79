import { shardedModel } from "../facts/derived/sharding.ts";
import type { ClipEvent } from "../facts/events/events.ts";
import { type Facts, sourceOf } from "../facts/facts.ts";
import type { Fix } from "../finding.ts";
import { express } from "../fixes/expressions.ts";
import { type Call, rangeOf } from "../syntax/ast.ts";
import { argumentOf } from "../syntax/call.ts";
import type { Rule } from "./rule.ts";

const documentation = `
## What it finds
A model wrapped in \`FullyShardedDataParallel\` (FSDP1) whose gradients are clipped by \`torch.nn.utils.clip_grad_norm_\`.

## Why it is bad
Each process holds a shard of the gradients, and this function knows nothing of the others: it clips by the norm of its own
shard. The norm is too small, the factor differs from process to process, and the gradient that comes out of it points
elsewhere. The model's own method takes the norm over all shards. (After \`fully_shard\`, FSDP2, the function is right.)

## Examples
Wrong:
\`\`\`python
import torch
from torch.distributed.fsdp import FullyShardedDataParallel

model = FullyShardedDataParallel(torch.nn.Linear(8, 8))
optimizer = torch.optim.AdamW(model.parameters())

for x in [torch.zeros(4, 8)]:
    optimizer.zero_grad()
    model(x).sum().backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
\`\`\`

Right:
\`\`\`python
import torch
from torch.distributed.fsdp import FullyShardedDataParallel

model = FullyShardedDataParallel(torch.nn.Linear(8, 8))
optimizer = torch.optim.AdamW(model.parameters())

for x in [torch.zeros(4, 8)]:
    optimizer.zero_grad()
    model(x).sum().backward()
    model.clip_grad_norm_(1.0)
    optimizer.step()
\`\`\`

## Fix
Unsafe: the gradients are clipped by the norm of all of them. The same threshold then clips harder.

## When it is silent
\`ShardingStrategy.NO_SHARD\`, or a strategy that can't be followed; a model that is wrapped only under some condition.

## Sources
- PyTorch: [\`FullyShardedDataParallel.clip_grad_norm_\`](https://docs.pytorch.org/docs/stable/fsdp.html)
`;

export const shardedNorm: Rule = {
  name: "sharded-norm",
  title: "A sharded model is clipped by the norm of one shard",
  defaultSeverity: "warning",
  since: "0.1.0",
  frameworks: ["PyTorch"],
  documentation,
  *check(facts) {
    const reported = new Set<object>();
    for (const { clip } of facts.clips) {
      const { parameters, frame, scope, node, how } = clip;
      // What other frameworks call by this name is aware of shards.
      if (how !== "norm" || !parameters || !clip.framework.shards || reported.has(node)) continue;
      const sharded = shardedModel(facts, { node: parameters, frame, scope });
      if (!sharded) continue;
      reported.add(node);
      yield {
        severity: "warning",
        message: `Each process holds a shard of \`${sourceOf(facts, sharded.model.node)}\`, and this clips by the norm of that shard alone.`,
        range: rangeOf(node),
        related: [{ range: rangeOf(sharded.wrapper), message: "The model is sharded here" }],
        fix: fix(facts, clip, sharded.model),
      };
    }
  },
};

function fix(facts: Facts, { call, frame, scope }: ClipEvent, model: Parameters<typeof express>[1]): Fix | null {
  const receiver = express(facts, model, { frame, scope });
  const given = call && receiver && methodArguments(facts, call);
  if (!given) return null;
  return {
    applicability: "unsafe",
    title: "Clip by the norm over all shards",
    edits: [{ range: rangeOf(call), newText: `${receiver}.clip_grad_norm_(${given})` }],
  };
}

/** The method takes a threshold and the kind of norm, and nothing else. */
function methodArguments(facts: Facts, call: Call): string | null {
  const known = ["parameters", "max_norm", "norm_type"].map((name, index) => argumentOf(call, index, name));
  const [parameters, threshold] = known;
  if (!threshold || call.arguments.some((argument) => argument.stars !== 0 || !known.includes(argument))) return null;
  const kept = call.arguments.filter((argument) => argument !== parameters);
  return kept.map((argument) => facts.text.slice(rangeOf(argument).start, rangeOf(argument).end)).join(", ");
}
