import { type Chain, chainsOf, type Link } from "../facts/derived/links.ts";
import { type Accumulation, accumulationAround, isAtEachMicroBatch } from "../facts/derived/micro-batches.ts";
import { byNode, clipsOf } from "../facts/derived/order.ts";
import type { ClipEvent, StepEvent } from "../facts/events/events.ts";
import { type Facts, sourceOf } from "../facts/facts.ts";
import type { TextEdit } from "../finding.ts";
import { express } from "../fixes/expressions.ts";
import { indentOf, indentUnit, newlineOf, reindent } from "../fixes/layout.ts";
import { moveClip } from "../fixes/move.ts";
import { rangeOf } from "../syntax/ast.ts";
import { argumentOf } from "../syntax/call.ts";
import type { Reported, Rule } from "./rule.ts";

const documentation = `
## What it finds
Gradient accumulation: a clip at every micro-batch, though the update waits for several.

## Why it is bad
Clipped is then a partial sum, to which the next micro-batches add. What the first ones said is scaled down again and
again, so that the last ones decide where the update goes. Clipping belongs to the whole sum, once, before the update.

## Examples
Wrong:
\`\`\`python
import torch

model = torch.nn.LSTM(8, 16)
optimizer = torch.optim.Adam(model.parameters())

for i, x in enumerate([torch.zeros(4, 2, 8)] * 4):
    (model(x)[0].sum() / 4).backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    if (i + 1) % 4 == 0:
        optimizer.step()
        optimizer.zero_grad()
\`\`\`

Right:
\`\`\`python
import torch

model = torch.nn.LSTM(8, 16)
optimizer = torch.optim.Adam(model.parameters())

for i, x in enumerate([torch.zeros(4, 2, 8)] * 4):
    (model(x)[0].sum() / 4).backward()
    if (i + 1) % 4 == 0:
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
\`\`\`

With Accelerate the condition is \`if accelerator.sync_gradients:\`. With Optax the clip goes inside:
\`optax.MultiSteps(optax.chain(optax.clip_by_global_norm(1.0), optax.adam(1e-3)), 4)\`.

## Fix
Unsafe: the clip acts on the sum alone, which changes what the optimizer receives.

## When it is silent
Where gradients are zeroed or an update is made between two clips; where the clip has a condition of its own that isn't
about its threshold; an \`Accelerator\` that isn't told to accumulate.

## Sources
- Accelerate: [Gradient clipping under accumulation](https://huggingface.co/docs/accelerate/usage_guides/gradient_accumulation)
`;

export const clipEachMicroBatch: Rule = {
  name: "clip-each-micro-batch",
  title: "Partial sums of accumulated gradients are clipped",
  defaultSeverity: "warning",
  since: "0.1.0",
  frameworks: ["PyTorch", "Accelerate", "Optax"],
  documentation,
  *check(facts) {
    yield* clipsBeforeSums(facts);
    for (const sites of byNode(facts.clips, ({ clip }) => clip.node)) {
      const clips = sites.map(({ clip }) => clip);
      const [clip] = clips;
      if (!clip || (clip.how !== "norm" && clip.how !== "value")) continue;
      const around = clips.map((each) => accumulationAround(facts, each));
      if (around[0] && !around.includes(null)) {
        yield report(clip, null, wrap(facts, clip, around[0]));
        continue;
      }
      const step = clips.length === 1 ? waitingFor(facts, clip) : null;
      if (step) yield report(clip, step, moveClip(facts, clip, step));
    }
  },
};

/** `chain(clip, MultiSteps(optimizer, 4))`: what comes before the sum acts on each of its parts. */
function* clipsBeforeSums(facts: Facts): Iterable<Reported> {
  for (const chain of chainsOf(facts)) {
    const at = chain.links.findIndex(({ role }) => role === "accumulator");
    const sum = chain.links[at];
    const clips = chain.links.slice(0, Math.max(0, at)).filter(({ role }) => role === "clip");
    if (!sum) continue;
    for (const clip of clips) {
      const edits = clips.length === 1 ? moveInside(facts, chain, clip, sum) : null;
      yield {
        severity: "warning",
        message: `This clips each micro-batch, and \`${sum.name}\` adds up what is left of them.`,
        range: rangeOf(clip.argument),
        related: [{ range: rangeOf(sum.argument), message: "The sum is made here" }],
        fix: edits && { applicability: "unsafe", title: "Clip the sum", edits },
      };
    }
  }
}

function moveInside(facts: Facts, { call }: Chain, { argument }: Link, sum: Link): TextEdit[] | null {
  const next = call.arguments[call.arguments.indexOf(argument) + 1];
  const inner = sum.call && sum.argument.value === sum.call ? argumentOf(sum.call, 0, "opt") : null;
  if (!next || !inner || inner.stars !== 0) return null;
  const removed = { start: rangeOf(argument).start, end: rangeOf(next).start };
  // A comment between the two would be lost.
  if (facts.text.slice(rangeOf(argument).end, removed.end).includes("#")) return null;
  const clipped = `${sourceOf(facts, call.callee)}(${sourceOf(facts, argument.value)}, ${sourceOf(facts, inner.value)})`;
  return [
    { range: removed, newText: "" },
    { range: rangeOf(inner.value), newText: clipped },
  ];
}

/** The update that waits alone, if nothing clips or unscales once more when it is made. */
function waitingFor(facts: Facts, clip: ClipEvent): StepEvent | null {
  for (const update of facts.updates) {
    if (!isAtEachMicroBatch(facts, update, clip)) continue;
    if (!facts.parameters.mayCover(clip, update.step.optimizer)) continue;
    const others = clipsOf(facts, update).some(
      (other) => other.node !== clip.node && !isAtEachMicroBatch(facts, update, other),
    );
    const raises = facts.unscales.some(({ unscale }) => isAtEachMicroBatch(facts, update, unscale));
    if (!others && !raises) return update.step;
  }
  return null;
}

function report(clip: ClipEvent, step: StepEvent | null, edits: TextEdit[] | null): Reported {
  return {
    severity: "warning",
    message: "This clips at every micro-batch, not the whole sum: the first ones are scaled down again and again.",
    range: rangeOf(clip.node),
    related: step ? [{ range: rangeOf(step.node), message: "The update waits for several" }] : [],
    fix: edits && { applicability: "unsafe", title: "Clip once, before the update", edits },
  };
}

/** `if accelerator.sync_gradients:` around the clip. */
function wrap(facts: Facts, clip: ClipEvent, { receiver, done }: Accumulation): TextEdit[] | null {
  const { text } = facts;
  const indent = indentOf(text, clip.statement);
  const name = express(facts, receiver, clip);
  // A result that is used further on would be missing.
  if (indent === null || !name || clip.statement.kind !== "expression") return null;
  const inner = indent + indentUnit(text);
  const written = reindent(text, clip.statement, inner);
  const newText = `if ${done(name)}:${newlineOf(text)}${inner}${written}`;
  return written === null ? null : [{ range: rangeOf(clip.statement), newText }];
}
