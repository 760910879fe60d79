import { guardsOf } from "../facts/derived/guards.ts";
import { byNode } from "../facts/derived/order.ts";
import { type PartClip, type Partition, partitionsOf } from "../facts/derived/partitions.ts";
import { asksAbout, groupsOf, type Share, shareOf } from "../facts/derived/shares.ts";
import { thresholdSource } from "../facts/derived/threshold.ts";
import type { ClipEvent } from "../facts/events/events.ts";
import { type Facts, sourceOf } from "../facts/facts.ts";
import type { TextEdit } from "../finding.ts";
import { clipLabelsTogether } from "../fixes/clip-labels-together.ts";
import * as expressions from "../fixes/expressions.ts";
import { rangeOf } from "../syntax/ast.ts";
import type { Reported, Rule } from "./rule.ts";

const documentation = `
## What it finds
A clip by norm of each parameter group, each parameter or each layer on its own, and one of a single group only. In Optax,
a clip inside \`multi_transform\` (or \`partition\`), which sees the gradients of its label alone.

## Why it is bad
The threshold then bounds the norm of each part. Large parts are scaled down and small ones are not, so that the update
no longer points where the gradient does, and the norm of the whole can still be the threshold times the root of the
number of parts. What is in other groups than the one that is clipped is updated unclipped.

Clipping each part by itself is a method of its own as well (layer-wise clipping), so this is information, except where
an optimizer is seen to have groups that no clip reaches.

## Examples
Wrong:
\`\`\`python
import torch

model = torch.nn.LSTM(8, 16)
head = torch.nn.Linear(16, 4)
optimizer = torch.optim.Adam([{"params": model.parameters()}, {"params": head.parameters(), "lr": 0.1}])

for x in [torch.zeros(4, 2, 8)]:
    optimizer.zero_grad()
    head(model(x)[0]).sum().backward()
    for group in optimizer.param_groups:
        torch.nn.utils.clip_grad_norm_(group["params"], 1.0)
    optimizer.step()
\`\`\`

Right:
\`\`\`python
import torch

model = torch.nn.LSTM(8, 16)
head = torch.nn.Linear(16, 4)
optimizer = torch.optim.Adam([{"params": model.parameters()}, {"params": head.parameters(), "lr": 0.1}])

for x in [torch.zeros(4, 2, 8)]:
    optimizer.zero_grad()
    head(model(x)[0]).sum().backward()
    torch.nn.utils.clip_grad_norm_([p for group in optimizer.param_groups for p in group["params"]], 1.0)
    optimizer.step()
\`\`\`

With Optax the clip goes around the whole:
\`optax.chain(optax.clip_by_global_norm(1.0), optax.multi_transform(transforms, labels))\`.

## Fix
Unsafe: one clip of all parameters, by their global norm.

## When it is silent
An optimizer that is known to have one group; a threshold of each group's own; parts that are chosen by a condition; a
label beside one whose parameters stay as they are (\`optax.set_to_zero\`).

## Sources
- PyTorch: [\`clip_grad_norm_\`](https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.clip_grad_norm_.html): "computed over
  the norms of the individual gradients of all parameters"
- Optax: [\`partition\`](https://optax.readthedocs.io/en/latest/api/combining_optimizers.html#optax.partition) masks the
  other labels' gradients for each inner transformation
`;

export const clipPerGroup: Rule = {
  name: "clip-per-group",
  title: "Parts of the gradient are clipped by norms of their own",
  defaultSeverity: "information",
  since: "0.1.0",
  frameworks: ["PyTorch", "Accelerate", "Optax", "Flax"],
  documentation,
  *check(facts) {
    for (const partition of partitionsOf(facts)) yield* clipsOfLabels(facts, partition);
    for (const sites of byNode(facts.clips, ({ clip }) => clip.node)) {
      const clip = sites[0]?.clip;
      const share = clip?.how === "norm" ? shareOf(facts, clip) : null;
      if (!clip || !share || isMeant(facts, clip, share)) continue;
      const groups = share.of === "group" ? countOf(facts, clip, share) : null;
      if (groups === "one") continue;
      const edit = share.turn ? clipAfterLoop(facts, clip, share) : clipAllGroups(facts, clip, share);
      const finding: Reported = {
        severity: groups === "several" && !share.turn ? "warning" : "information",
        message: message(facts, share),
        range: rangeOf(clip.node),
        related: [],
        fix: edit && { applicability: "unsafe", title: "Clip all by their global norm", edits: [edit] },
      };
      yield finding;
    }
  },
};

function* clipsOfLabels(facts: Facts, partition: Partition): Iterable<Reported> {
  const clips = partition.parts.flatMap(({ label, clip }) => (clip ? [{ ...clip, label }] : []));
  const unclipped = partition.parts.filter(({ isUnclipped }) => isUnclipped).map(({ label }) => `\`${label}\``);
  const [first, ...others] = clips;
  if (!first || new Set(clips.map((clip) => limitOf(facts, clip))).size > 1) return;
  const alone = others.length === 0 && first.label !== null;
  // What is frozen has no part in the norm.
  if (alone ? unclipped.length === 0 : isOfEachLabel(facts, partition, first)) return;
  const edits = alone ? null : clipLabelsTogether(facts, partition);
  yield {
    severity: "information",
    message: alone
      ? `This clips the gradients labelled \`${first.label}\` alone: those labelled ${unclipped.join(", ")} are updated unclipped.`
      : "This clips the gradients of each label by their own norm, not the whole gradient by its global norm.",
    range: rangeOf(first.call),
    related: [
      ...[...new Set(others.map(({ call }) => call))]
        .filter((call) => call !== first.call)
        .map((call) => ({ range: rangeOf(call), message: "Another label's gradients are clipped here" })),
      { range: rangeOf(partition.call), message: "The gradients are split by their labels here" },
    ],
    fix: edits && { applicability: "unsafe", title: "Clip all by their global norm", edits },
  };
}

/** One expression makes all parts, with a threshold that may be each label's own. */
function isOfEachLabel(facts: Facts, partition: Partition, clip: PartClip & { label: string | null }): boolean {
  const { threshold } = clip.told;
  if (clip.label !== null || !threshold || typeof limitOf(facts, clip) === "number") return false;
  return expressions.express(facts, { ...clip.told, node: threshold }, partition) === null;
}

/** What tells thresholds of their own apart: the number, or how it is written. */
function limitOf(facts: Facts, { told }: PartClip): number | string | null {
  const source = told.threshold && thresholdSource(facts, { ...told, node: told.threshold });
  return source && "literal" in source ? source.value : told.threshold && sourceOf(facts, told.threshold);
}

function message(facts: Facts, { of, holder, turn }: Share): string {
  if (!turn)
    return `This clips one parameter group alone: any other that \`${sourceOf(facts, holder.node)}\` has is updated unclipped.`;
  const part = { group: "parameter group", parameter: "parameter", module: "layer" }[of];
  return `This clips each ${part} by its own norm, not the whole gradient by its global norm.`;
}

/** The parts are told apart: by thresholds of their own, or by which are clipped. */
function isMeant(facts: Facts, clip: ClipEvent, { turn }: Share): boolean {
  if (!turn) return false;
  const { loop, variable } = turn;
  if (clip.threshold && asksAbout(facts, clip.threshold, variable)) return true;
  const { start, end } = rangeOf(loop);
  return guardsOf(facts, clip).some(({ test }) => {
    if (!test) return true;
    const range = rangeOf(test);
    return start <= range.start && range.end <= end && asksAbout(facts, test, variable);
  });
}

function countOf(facts: Facts, { framework }: ClipEvent, { holder }: Share) {
  const optimizer = facts.classifier.optimizers.refer(holder.node, holder.frame, holder.scope, framework);
  return groupsOf(facts, optimizer);
}

function clipAllGroups(facts: Facts, { parameters }: ClipEvent, { holder }: Share): TextEdit | null {
  return (
    parameters && {
      range: rangeOf(parameters),
      newText: expressions.groupsOf(facts, sourceOf(facts, holder.node)),
    }
  );
}

/** One clip in place of the loop, where that does nothing else. */
function clipAfterLoop(facts: Facts, { parameters, node, statement }: ClipEvent, share: Share): TextEdit | null {
  const loop = share.turn?.loop;
  const only = statement.kind === "expression" && statement.value === node;
  if (!parameters || !only || loop?.body.length !== 1 || loop.body[0] !== statement || loop.otherwise.length > 0)
    return null;
  const holder = sourceOf(facts, share.holder.node);
  const all = share.of === "group" ? expressions.groupsOf(facts, holder) : `${holder}.parameters()`;
  const [call, given] = [rangeOf(node), rangeOf(parameters)];
  const newText = facts.text.slice(call.start, given.start) + all + facts.text.slice(given.end, call.end);
  return { range: rangeOf(loop), newText };
}
