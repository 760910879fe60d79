import { formatCount } from "../../advice/format.ts";
import { type Enclosing, enclosing } from "../facts/derived/enclosing.ts";
import { isAtEachMicroBatch } from "../facts/derived/micro-batches.ts";
import { runsAtClip } from "../facts/derived/observed.ts";
import { allUpdates, byNode, isUnscaled, updatesAfter } from "../facts/derived/order.ts";
import { buildsOnlyTold, isDisabled } from "../facts/derived/scaler.ts";
import type { ClipEvent, ClipSite, StepEvent, UpdateSite } from "../facts/events/events.ts";
import { overlap } from "../facts/events/parameters.ts";
import { type Facts, sourceOf } from "../facts/facts.ts";
import type { Fix } from "../finding.ts";
import { express } from "../fixes/expressions.ts";
import { indentOf, insertBefore, reindent } from "../fixes/layout.ts";
import { holds, takeOut } from "../fixes/place.ts";
import type { ObservedRun } from "../observed-run.ts";
import { rangeOf } from "../syntax/ast.ts";
import { capitalised, nameOf } from "./recorded.ts";
import type { Reported, Rule } from "./rule.ts";

const documentation = `
## What it finds
Mixed precision: gradients that are clipped while they are still multiplied by the \`GradScaler\`'s scale, or inside the
block of Apex's \`amp.scale_loss\`, which unscales them at its end. In a Lightning module that optimises by hand under
\`precision="16-mixed"\`: a clip before \`optimizer.step()\`, which is where Lightning unscales.

## Why it is bad
The scale is 65536 at the start. A threshold of 1.0 then clips to 1/65536 of what was meant: after unscaling, updates are
tiny, and training crawls for no visible reason.

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
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
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
Unsafe: \`scaler.unscale_(optimizer)\` before the clip, so that the threshold means what it says; the clip after Apex's block. In a Lightning module, clip in \`on_before_optimizer_step\`, which is
called once they are unscaled.

## With a recorded run
In an editor that records runs, one that saw this clip take gradients that were still scaled confirms the finding: the message
names the scale, and the finding is an error. A run of an older version of the file says so, and leaves it a warning. The
command line knows of no runs.

## Sources
- PyTorch: [Working with unscaled gradients](https://docs.pytorch.org/docs/stable/notes/amp_examples.html#gradient-clipping)
`;

export const clipScaledGradients: Rule = {
  name: "clip-scaled-gradients",
  title: "Gradients are clipped while still scaled",
  defaultSeverity: "warning",
  since: "0.1.0",
  frameworks: ["PyTorch", "Lightning"],
  documentation,
  *check(facts) {
    for (const sites of byNode(facts.clips, ({ clip }) => clip.node)) yield* clipInBlock(facts, sites);
    const reported = new Set<object>();
    for (const update of facts.updates) {
      const { step } = update;
      yield* clipBeforeUnscaling(facts, update, reported);
      if (!step.scaler || isDisabled(facts, { ...step, node: step.scaler })) continue;
      for (const clip of scaledClips(facts, update)) {
        // Unscaled at each micro-batch it would raise: it has to move first.
        if (reported.has(clip.node) || isAtEachMicroBatch(facts, update, clip)) continue;
        reported.add(clip.node);
        const scaler = sourceOf(facts, step.scaler);
        const run = runsAtClip(facts, clip).find(({ clippedScale }) => clippedScale !== null);
        yield {
          severity: run && !run.older ? "error" : "warning",
          message: `The gradients are still multiplied by the scale of \`${scaler}\` here, so this clips far below its threshold.${confirmation(run)}`,
          range: rangeOf(clip.node),
          related: [{ range: rangeOf(step.node), message: "They are unscaled only here" }],
          fix: fix(facts, clip, step),
          ...(run && { run: { id: run.run, date: run.date } }),
        };
      }
    }
  },
};

function confirmation(run: ObservedRun | undefined): string {
  if (!run) return "";
  const scale = formatCount(run.clippedScale!);
  return ` ${capitalised(nameOf(run))} confirms it: they were ${scale} times too large when they were clipped.`;
}

/** In a block at whose end the gradients are unscaled, after the backward pass in there. */
function* clipInBlock(facts: Facts, sites: readonly ClipSite[]): Iterable<Reported> {
  const clip = sites[0]?.clip;
  if (!clip || (clip.how !== "norm" && clip.how !== "value")) return;
  const block = enclosing(facts, clip).find((each) => scales(facts, each));
  const isMade = ({ paths }: ClipSite) =>
    paths.some((path) =>
      path.some((event) => event.kind === "backward" && block && holds(block.statement, event.statement)),
    );
  if (!block || !sites.some(isMade)) return;
  const [update] = updatesAfter(facts, clip);
  yield {
    severity: "warning",
    message:
      "The gradients are still multiplied by the scale of the loss in this block, so this clips far below its threshold.",
    range: rangeOf(clip.node),
    related: update ? [{ range: rangeOf(update.step.node), message: "The update" }] : [],
    fix: behindBlock(facts, clip, block),
  };
}

function scales(facts: Facts, { statement, frame, scope }: Enclosing): boolean {
  if (statement.kind !== "with") return false;
  const opened = statement.items.flatMap(({ context }) => facts.values.evaluate(context, frame, scope));
  return opened.some(
    (value) => value.kind === "external" && facts.frameworks.some(({ scalesWithin }) => scalesWithin?.test(value.name)),
  );
}

/** The update unscales, and by then the clip is over. */
function* clipBeforeUnscaling(facts: Facts, update: UpdateSite, reported: Set<object>): Iterable<Reported> {
  const { step, paths } = update;
  const within = unscalingWithin(facts, step);
  if (!within || step.scaler) return;
  for (const path of paths) {
    const backward = path.findLastIndex((event) => event.kind === "backward");
    const after = backward === -1 ? [] : path.slice(backward);
    if (after.some(({ kind }) => kind === "unknown" || kind === "unscale")) continue;
    for (const clip of after) {
      if (clip.kind !== "clip" || (clip.how !== "norm" && clip.how !== "value") || reported.has(clip.node)) continue;
      if (!facts.parameters.mayCover(clip, step.optimizer) || !sharesStep(facts, clip, step)) continue;
      reported.add(clip.node);
      yield {
        severity: "warning",
        message: `The gradients are still multiplied by the scale of the loss here, so this clips far below its threshold: ${within.title} unscales them in the update.`,
        range: rangeOf(clip.node),
        related: [{ range: rangeOf(step.node), message: "They are unscaled only here" }],
        fix: null,
      };
    }
  }
}

const unscalingWithin = (facts: Facts, { optimizer }: StepEvent) =>
  facts.frameworks.find(
    ({ unscalesWithin: within }) =>
      within &&
      optimizer.constructors.some(({ name }) => within.optimizer.test(name)) &&
      buildsOnlyTold(facts, within.built, within.told),
  );

/** As the last statement of the block it needs nothing but the indentation of what comes after. */
function behindBlock(
  facts: Facts,
  { statement, origin }: ClipEvent,
  { statement: block, block: body }: Enclosing,
): Fix | null {
  const [from, to] = [indentOf(facts.text, statement), indentOf(facts.text, block)];
  if (origin || from === null || to === null || body?.at(-1) !== statement || body.length < 2) return null;
  const written = reindent(facts.text, statement, to);
  const { start, end } = rangeOf(statement);
  if (written === null) return null;
  const edits = [{ range: { start: start - from.length, end }, newText: to + written }];
  return { applicability: "unsafe", title: "Clip the gradients once they are unscaled", edits };
}

function* scaledClips(facts: Facts, update: UpdateSite): Iterable<ClipEvent> {
  const { step, paths } = update;
  const clips = new Map<object, ClipEvent>();
  const unscaled = new Set<object>();
  for (const path of paths) {
    const backward = path.findIndex((event) => event.kind === "backward");
    path.forEach((event, index) => {
      if (event.kind !== "clip" || (event.how !== "norm" && event.how !== "value") || event.unscales) return;
      if (backward === -1 || index < backward || !facts.parameters.mayCover(event, step.optimizer)) return;
      clips.set(event.node, event);
      if (isUnscaled(path.slice(0, index), step) || path.slice(backward, index).some((e) => e.kind === "unknown"))
        unscaled.add(event.node);
    });
  }
  for (const [node, clip] of clips)
    if (!unscaled.has(node) && actsOn(update, clip) && sharesStep(facts, clip, step)) yield clip;
}

/** The clip stands between the gradients and this update. */
function actsOn({ paths }: UpdateSite, clip: ClipEvent): boolean {
  return paths.some((path) => {
    const index = path.findIndex((event) => event.node === clip.node);
    return index !== -1 && !path.slice(index).some((event) => event.kind === "backward");
  });
}

/** Every update that the clip acts on is of this optimizer, or it is known to clip its parameters. */
function sharesStep(facts: Facts, clip: ClipEvent, step: StepEvent): boolean {
  const others = allUpdates(facts).filter((update) => !overlap(update.step.optimizer.keys, step.optimizer.keys));
  return !others.some((update) => actsOn(update, clip)) || facts.parameters.surelyCovers(clip, step.optimizer);
}

function fix(facts: Facts, clip: ClipEvent, step: StepEvent): Fix | null {
  const { scaler, frame, scope } = step;
  // Of an imported helper only the call stands here, and what else happens in there may not be after the unscaling.
  if (!scaler || clip.origin) return null;
  // A clip that an update without the scaler shares must not unscale.
  const shared = allUpdates(facts).some((update) => !update.step.scaler && actsOn(update, clip));
  const to = { frame: clip.frame, scope: clip.scope };
  const scalerText = express(facts, { node: scaler, frame, scope }, to);
  const optimizerText = express(facts, { node: step.optimizer.node, frame, scope }, to);
  const { unscale } = step.framework;
  if (shared || !scalerText || !optimizerText || !unscale) return null;
  const later = unscalingAfter(facts, clip, step);
  const removed = later && takeOut(facts.text, facts.statements, later.statement);
  if (later && !removed) return null;
  const edit = insertBefore(facts.text, clip.statement, [unscale(scalerText, optimizerText)]);
  if (!edit) return null;
  const edits = removed ? [edit, removed] : [edit];
  return { applicability: "unsafe", title: "Unscale the gradients before the clip", edits };
}

/** A second unscaling would raise: the one that comes after the clip has to go. */
function unscalingAfter(facts: Facts, clip: ClipEvent, step: StepEvent) {
  const paths = facts.updates.filter((update) => update.step.node === step.node).flatMap((update) => update.paths);
  return paths
    .flatMap((path) => path.slice(path.findLastIndex((event) => event.node === clip.node) + 1))
    .find((event) => event.kind === "unscale");
}
