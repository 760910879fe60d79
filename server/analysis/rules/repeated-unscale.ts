import { isAtEachMicroBatch } from "../facts/derived/micro-batches.ts";
import { byNode } from "../facts/derived/order.ts";
import { isDisabled } from "../facts/derived/scaler.ts";
import type { ClipEvent, Path, StepEvent, UnscaleEvent, UnscaleSite, UpdateSite } from "../facts/events/events.ts";
import { overlap } from "../facts/events/parameters.ts";
import { type Facts, sourceOf } from "../facts/facts.ts";
import { moveBefore } from "../fixes/move.ts";
import { takeOut } from "../fixes/place.ts";
import { rangeOf } from "../syntax/ast.ts";
import type { Reported, Rule } from "./rule.ts";

const documentation = `
## What it finds
Mixed precision: gradients that are unscaled twice before one update of the scale, in one step or at each micro-batch of
an accumulation.

## Why it is bad
Unscaling divides by the scale; a second time would divide again. PyTorch raises a \`RuntimeError\`.

## Examples
Wrong:
\`\`\`python
import torch

model = torch.nn.Linear(8, 8)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scaler = torch.amp.GradScaler("cuda")

for x in [torch.zeros(4, 8)]:
    optimizer.zero_grad()
    scaler.scale(model(x).sum()).backward()
    scaler.unscale_(optimizer)
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    scaler.unscale_(optimizer)
    scaler.step(optimizer)
    scaler.update()
\`\`\`

Right:
\`\`\`python
import torch

model = torch.nn.Linear(8, 8)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scaler = torch.amp.GradScaler("cuda")

for x in [torch.zeros(4, 8)]:
    optimizer.zero_grad()
    scaler.scale(model(x).sum()).backward()
    scaler.unscale_(optimizer)
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    scaler.step(optimizer)
    scaler.update()
\`\`\`

## Fix
Safe where the second call goes: a run that came there ended. Unsafe where unscaling moves, with its clip, to the update
that an accumulation waits for.

## Sources
- PyTorch: [\`GradScaler.unscale_\`](https://docs.pytorch.org/docs/stable/amp.html#torch.amp.GradScaler.unscale_)
`;

export const repeatedUnscale: Rule = {
  name: "repeated-unscale",
  title: "Gradients are unscaled twice",
  defaultSeverity: "error",
  since: "0.1.0",
  frameworks: ["PyTorch"],
  documentation,
  *check(facts) {
    for (const sites of byNode(facts.unscales, (site) => site.unscale.node)) {
      const { unscale } = sites[0] as UnscaleSite;
      const scaler = scalerOf(unscale);
      if (!scaler || !unscale.optimizer || isDisabled(facts, { ...unscale, node: scaler })) continue;
      const finding = inOneStep(facts, sites) ?? inEachMicroBatch(facts, unscale);
      if (finding) yield finding;
    }
  },
};

function inOneStep(facts: Facts, sites: readonly UnscaleSite[]): Reported | null {
  const { unscale } = sites[0] as UnscaleSite;
  const earlier = sites.flatMap((site) => site.paths.map((path) => unscaledBefore(facts, path, site.unscale)));
  const [first] = earlier;
  if (!first || earlier.includes(null)) return null;
  const edit = takeOut(facts.text, facts.statements, unscale.statement);
  return {
    severity: "error",
    message: `The gradients of \`${nameOf(facts, unscale)}\` are unscaled already: this raises a \`RuntimeError\`.`,
    range: rangeOf(unscale.node),
    related: [{ range: rangeOf(first.node), message: "They are unscaled here" }],
    fix: edit && { applicability: "safe", title: "Remove the second unscaling", edits: [edit] },
  };
}

/** The unscaling of the same optimizer that the path has seen since the scale was last updated. */
function unscaledBefore(facts: Facts, path: Path, unscale: UnscaleEvent): UnscaleEvent | null {
  for (const event of path.toReversed()) {
    if (event.kind === "rescale" || event.kind === "unknown") return null;
    if (event.kind === "step" && overlap(event.optimizer.keys, unscale.optimizer?.keys ?? new Set())) return null;
    if (event.kind === "unscale" && isSame(facts, event, unscale)) return event.node === unscale.node ? null : event;
  }
  return null;
}

function isSame(facts: Facts, a: UnscaleEvent, b: UnscaleEvent): boolean {
  const [one, other] = [a.optimizer?.keys, b.optimizer?.keys];
  if (one?.size !== 1 || other?.size !== 1 || !overlap(one, other)) return false;
  const variable = (event: UnscaleEvent) => {
    const scaler = scalerOf(event);
    return scaler && facts.values.variables.of(scaler, event.frame, event.scope)?.variable;
  };
  return variable(a) === variable(b);
}

function inEachMicroBatch(facts: Facts, unscale: UnscaleEvent): Reported | null {
  const update = facts.updates.find(
    (site) =>
      overlap(site.step.optimizer.keys, unscale.optimizer?.keys ?? new Set()) &&
      isAtEachMicroBatch(facts, site, unscale),
  );
  if (!update) return null;
  const clips = facts.clips.map(({ clip }) => clip).filter((clip) => isAtEachMicroBatch(facts, update, clip));
  const [waiting] = laterClips(update, unscale).filter((clip) => !clips.some(({ node }) => node === clip.node));
  const edits = moveBefore(facts, [unscale.statement, ...statementsOf(clips)], waiting ?? update.step);
  return {
    severity: "error",
    message: `The gradients of \`${nameOf(facts, unscale)}\` are unscaled at every micro-batch: the second time raises a \`RuntimeError\`.`,
    range: rangeOf(unscale.node),
    related: [{ range: rangeOf(update.step.node), message: "Unscale once, before the update" }],
    fix: edits && { applicability: "unsafe", title: "Unscale and clip once, before the update", edits },
  };
}

/** The clips that find the gradients unscaled by this call. */
function laterClips({ paths }: UpdateSite, unscale: UnscaleEvent): ClipEvent[] {
  return paths.flatMap((path) => {
    const at = path.findLastIndex((event) => event.node === unscale.node);
    return path.flatMap((event, index) => (event.kind === "clip" && at !== -1 && index > at ? [event] : []));
  });
}

const statementsOf = (clips: readonly ClipEvent[]) => [...new Set(clips.map(({ statement }) => statement))];

const nameOf = (facts: Facts, { optimizer }: UnscaleEvent) => (optimizer ? sourceOf(facts, optimizer.node) : "");

/** The object that a scaler's method is called on; null where another framework unscales. */
function scalerOf({ node, framework }: UnscaleEvent): StepEvent["scaler"] {
  if (!framework.unscale || node.kind !== "call" || node.callee.kind !== "attribute") return null;
  return node.callee.object;
}
