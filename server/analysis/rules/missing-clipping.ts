import { evidenceOf } from "../facts/derived/network.ts";
import { runsAtUpdate } from "../facts/derived/observed.ts";
import { sourceOfGradients } from "../facts/derived/order.ts";
import { updatesOneTensor } from "../facts/derived/parameter-sources.ts";
import { isTestCode } from "../facts/derived/test-code.ts";
import { unclippedElsewhere, unclippedUpdates } from "../facts/derived/unclipped.ts";
import type { Evidence, StepEvent, UpdateSite } from "../facts/events/events.ts";
import { type Facts, sourceOf } from "../facts/facts.ts";
import type { Fix, RelatedPlace, Severity } from "../finding.ts";
import { formatNumber, insertClip } from "../fixes/insert-clip.ts";
import { FRAMEWORKS } from "../frameworks/index.ts";
import type { ObservedRun } from "../observed-run.ts";
import { type Expression, rangeOf } from "../syntax/ast.ts";
import { type Convention, conventionFor } from "./conventions.ts";
import { atLeast, lowered, raised, standingExplosion, tellCalm, tellExplosion } from "./recorded.ts";
import type { Reported, Rule } from "./rule.ts";

const documentation = `
## What it finds
An update (\`optimizer.step()\`, \`scaler.step(optimizer)\`, \`optimizer.apply_gradients(…)\`) that gradients reach on no
path through a clip; a model that a framework trains (\`model.compile(…)\` with \`model.fit(…)\`, \`trainer.train()\`) with
nothing that says to clip. Where a module of the workspace makes the update with an optimizer that it is handed, and can't
tell whether that clips (the library is told to clip when the optimizer is built, as Optax, Keras and PaddlePaddle are, or a
class is handed what it doesn't declare), the finding stands where the optimizer is built.

## Why it is bad
One bad batch can give a gradient that is orders of magnitude larger than the others. Unclipped, it throws the weights
away from where hundreds of steps had brought them, and training diverges or loses that work. Recurrent networks,
attention, reinforcement learning and diffusion are known for it; there the finding is a warning. Elsewhere (most
convolutional networks, and a single tensor such as the temperature of an agent) many recipes train well without, and it
is information.

## Examples
Wrong:
\`\`\`python
import torch
from torch import nn

model = nn.LSTM(8, 16)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)

for x, y in [(torch.zeros(4, 2, 8), torch.zeros(4, 2, 16))]:
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(model(x)[0], y)
    loss.backward()
    optimizer.step()
\`\`\`

Right:
\`\`\`python
import torch
from torch import nn

model = nn.LSTM(8, 16)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)

for x, y in [(torch.zeros(4, 2, 8), torch.zeros(4, 2, 16))]:
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(model(x)[0], y)
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)
    optimizer.step()
\`\`\`

## Fix
Unsafe: it changes what the optimizer receives. The threshold is the convention for the kind of network that the file
builds, or what a recorded run of this update suggests.

## With a recorded run
In an editor that records runs, the latest ones without clipping have their say. If one exploded at this update, and no later
one came beyond that step, the message tells when and how, and the finding is one severity up: an error where clipping is
usual, a warning elsewhere. If the latest one was calm for 1000 steps or more (the largest norm below 5 times the median, 99%
below 3 times), the finding is one down. A run of an older version of the file says so, counts only where it is clear which
update it saw, and makes no error. A gradient that became NaN out of the blue counts for nothing: no clipping prevents that.
The command line knows of no runs: what it finds depends on the code alone.

## When it is silent
A step, a backward pass or a clip in a module that can't be seen; optimizers that clip by themselves; clipping written by
hand; a clip under a condition of its own (\`if args.clip:\`); a Keras model that is compiled and neither trained in the
file nor returned to who may train it.

## Sources
- Pascanu, Mikolov, Bengio: [On the difficulty of training recurrent neural networks](https://arxiv.org/abs/1211.5063)
- PyTorch: [\`clip_grad_norm_\`](https://docs.pytorch.org/docs/stable/generated/torch.nn.utils.clip_grad_norm_.html)
`;

/** Nothing is missing there: a log of a run, configurations of which others say the rest, steps of an inner loop. */
const NOT_AMONG = ["gradsight", "mmengine", "higher"];

export const missingClipping: Rule = {
  name: "missing-clipping",
  title: "Gradients reach the optimizer unclipped",
  defaultSeverity: "warning",
  since: "0.1.0",
  frameworks: FRAMEWORKS.filter(({ name }) => !NOT_AMONG.includes(name)).map(({ title }) => title),
  documentation,
  *check(facts) {
    for (const site of unclippedUpdates(facts)) yield report(facts, whereClippingIsUsual(facts, site));
    for (const site of unclippedElsewhere(facts)) yield reportWhereBuilt(facts, site);
  },
};

/** Of the ways to one update, the first that trains a network for which clipping is usual. */
function whereClippingIsUsual(facts: Facts, site: UpdateSite): UpdateSite {
  const ways = facts.updates.filter(({ step }) => step.node === site.step.node);
  return ways.find((way) => usualFor(facts, way).reason !== null) ?? site;
}

function usualFor(facts: Facts, site: UpdateSite): Convention {
  return conventionFor(updatesOneTensor(facts, site.step.optimizer) ? null : evidenceOf(facts, site).architecture);
}

function report(facts: Facts, site: UpdateSite): Reported {
  const { step } = site;
  const evidence = evidenceOf(facts, site);
  const convention = usualFor(facts, site);
  const reason = isTestCode(facts.names) ? null : convention.reason;
  const usual = reason ? "warning" : "information";
  const runs = runsAtUpdate(facts, site).filter(({ clips, inForce }) => !clips && inForce === null);
  const { severity, because, run } = shown(runs, usual) ?? { severity: usual, because: reason, run: undefined };
  return {
    severity,
    message: `${what(facts, step)}${because ? ` ${because}` : ""}`,
    range: rangeOf(step.node),
    related: [...related(site, sourceOfGradients(site)), ...(reason ? evidencePlace(facts, evidence) : [])],
    fix: () => fix(facts, site, convention, run ?? runs.find(({ preliminary }) => !preliminary)),
    ...(run && { run: { id: run.run, date: run.date } }),
  };
}

/** The update stands in another module; what would be told to clip stands here. */
function reportWhereBuilt(facts: Facts, site: UpdateSite): Reported {
  const { optimizer, origin } = site.step;
  const built = optimizer.constructors[0]!.call;
  const evidence = evidenceOf(facts, site);
  const convention = usualFor(facts, site);
  const because = isTestCode(facts.names) ? null : convention.reason;
  const name = sourceOf(facts, built.callee);
  return {
    severity: because ? "warning" : "information",
    message: `No clipping of the gradients reaches the update by this \`${name}\`.${because ? ` ${because}` : ""}`,
    range: rangeOf(built),
    related: [
      ...(origin ? [{ range: rangeOf(origin.node), message: "The update" }] : []),
      ...(because ? evidencePlace(facts, evidence) : []),
    ],
    fix: () => fix(facts, site, convention, undefined),
  };
}

/** What the latest runs without clipping showed of whether it is needed; null where they leave that open. */
function shown(runs: readonly ObservedRun[], usual: Severity) {
  const run = standingExplosion(runs);
  if (run) {
    // An error is told of the code that is there.
    const severity = run.older ? atLeast(usual, "warning") : raised(usual);
    return { severity, because: tellExplosion(run), run };
  }
  const [newest] = runs;
  const together = runs.filter((other) => other.run === newest?.run);
  if (!newest || !together.every(({ calm }) => calm)) return null;
  return { severity: lowered(usual), because: tellCalm(newest), run: newest };
}

function what(facts: Facts, step: StepEvent): string {
  const { node, optimizer } = step;
  const name = sourceOf(facts, optimizer.node);
  if (!step.managed) return `No clipping of the gradients reaches this update of \`${name}\`.`;
  const object = node.kind === "call" && node.callee.kind === "attribute" ? node.callee.object : null;
  const trained = object && !isFunctionOfModule(facts, step) ? sourceOf(facts, object) : name;
  if (trained === name) return `\`${name}\` trains here without gradient clipping.`;
  return `\`${trained}\` trains with an optimizer that clips no gradients.`;
}

/** `slim.learning.create_train_op(loss, optimizer)`: what stands before the dot trains nothing. */
function isFunctionOfModule({ values }: Facts, { node, frame, scope, framework }: StepEvent): boolean {
  const called = node.kind === "call" ? values.evaluate(node.callee, frame, scope) : [];
  return called.some(
    (value) => value.kind === "external" && !value.name.includes("(") && framework.calls?.[value.name] !== undefined,
  );
}

function related({ step }: UpdateSite, backward: { readonly node: Expression } | undefined): RelatedPlace[] {
  const places: RelatedPlace[] = [];
  const { constructors, named } = step.optimizer;
  const built = constructors[0]?.call ?? named?.node;
  if (built && built !== step.node) places.push({ range: rangeOf(built), message: "The optimizer is built here" });
  if (backward) places.push({ range: rangeOf(backward.node), message: "The gradients come from here" });
  return places;
}

function evidencePlace(facts: Facts, { node, name }: Evidence): RelatedPlace[] {
  return node ? [{ range: evidenceRange(facts, node), message: `\`${name}\`: clipping is usual here` }] : [];
}

/** A definition is shown by its first line, not whole. */
function evidenceRange(facts: Facts, node: NonNullable<Evidence["node"]>) {
  const { start, end } = rangeOf(node);
  const newline = facts.text.indexOf("\n", start);
  return { start, end: newline === -1 ? end : Math.min(end, newline) };
}

function fix(facts: Facts, site: UpdateSite, convention: Convention, run: ObservedRun | undefined): Fix | null {
  const { threshold: usual, label } = convention;
  const suggested = run?.threshold ?? null;
  const threshold = suggested ?? usual;
  const edits = insertClip(facts, site, threshold);
  if (!edits) return null;
  const as = suggested === null ? `as ${label} do` : `as the run on ${run!.date} suggests`;
  return { applicability: "unsafe", title: `Clip the gradients to a norm of ${formatNumber(threshold)}, ${as}`, edits };
}
