import { formatCount, formatNumber, formatShare } from "../../advice/format.ts";
import { runsAtClip, runsAtUpdate } from "../facts/derived/observed.ts";
import type { KnownThreshold } from "../facts/derived/threshold.ts";
import { sourceOfThreshold, type Threshold, thresholdsOf } from "../facts/derived/thresholds.ts";
import type { ClipEvent } from "../facts/events/events.ts";
import { type Facts, sourceOf } from "../facts/facts.ts";
import type { Fix, Severity } from "../finding.ts";
import { formatNumber as formatLiteral } from "../fixes/insert-clip.ts";
import type { ObservedRun } from "../observed-run.ts";
import { isHere, rangeOf } from "../syntax/ast.ts";
import { nameOf } from "./recorded.ts";
import type { Rule } from "./rule.ts";

const documentation = `
## What it finds
A threshold that is far out of the range that recipes use, or far from what a recorded run asks for: a norm below 0.0001 or above 10000, a bound for each component
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

## With a recorded run
In an editor that records runs, the newest settled one (200 steps or more, or one that exploded) that clipped here decides
instead of the range. It is reported where the threshold is more than 8 times above what that run's norms suggest, or more
than 8 times below and, under SGD, clipped nearly every step: under Adam and its kin that changes little. One that no norm of
1000 steps came near is called inactive so far, as a hint. A threshold out of every recipe's range that fits the norms of the
run is not reported. The command line knows of no runs.

## Fix
None from the text alone. With a recorded run, unsafe: the threshold that its norms suggest.

## When it is silent
A large number in a call whose result is used: it measures the norm and means to clip nothing.

## Sources
- Pascanu, Mikolov, Bengio: [On the difficulty of training recurrent neural networks](https://arxiv.org/abs/1211.5063)
`;

export const LARGEST = 1e4;
export const SMALLEST_NORM = 1e-4;
const SMALLEST_COMPONENT = 1e-8;
/** A threshold that is so many times too large or too small is reported. */
const FAR = 8;
/** Steps without a clip after which it is called inactive. */
const LONG = 1000;
/** Share of the steps that are "nearly every step". */
const MOST = 0.9;

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
      const source = sourceOfThreshold(facts, threshold);
      if ("unknown" in source || source.value === null || reported.has(threshold.place)) continue;
      const recorded = recordedEffect(facts, source.value, threshold);
      const effect = recorded === undefined ? effectOf(facts, source.value, threshold) : recorded?.effect;
      if (!effect) continue;
      reported.add(threshold.place);
      const there = source.literal !== threshold.node;
      const is = there
        ? `\`${sourceOf(facts, threshold.node)}\` is ${source.value}`
        : `${source.value} is the threshold`;
      yield {
        severity: recorded?.severity ?? "information",
        message: `${is}${source.isDefault ? " by default" : ""}: ${effect}.`,
        range: rangeOf(threshold.place),
        related: there ? [{ range: rangeOf(source.literal), message: "The threshold comes from here" }] : [],
        fix: recorded ? fix(facts, source, recorded) : null,
        ...(recorded && { run: { id: recorded.run.run, date: recorded.run.date } }),
      };
    }
  },
};

interface Recorded {
  readonly run: ObservedRun;
  readonly severity: Severity;
  /** The end of a sentence that begins with the threshold. */
  readonly effect: string;
}

/**
 * What the newest settled run that clipped here says of the threshold; null: it does well; undefined: no run knows. The
 * suggestion is silent within a factor of 2. A finding asks for more: on small trainings whose best threshold is known,
 * the loss was 1.1 to 1.4 times as large within a factor of 4, and about twice as large beyond a factor of 8.
 */
function recordedEffect(facts: Facts, value: number, threshold: Threshold): Recorded | null | undefined {
  if (threshold.kind !== "norm" || !(value > 0) || !Number.isFinite(value)) return undefined;
  if (value > LARGEST && threshold.clip && mayMeasure(facts, threshold.clip)) return undefined;
  const run = runsAt(facts, threshold).find(
    ({ inForce, explosion, preliminary, threshold: suggested }) =>
      inForce !== null && suggested !== null && (explosion || !preliminary),
  );
  if (!run) return undefined;
  const suggested = run.threshold!;
  const suggests = `its norms suggest ${formatNumber(suggested)}`;
  if (value > FAR * suggested && run.explosion)
    return {
      run,
      severity: "information",
      effect: `${nameOf(run)} exploded after step ${formatCount(run.explosion.after)} all the same, and ${suggests}`,
    };
  if (value > FAR * suggested && run.clipped === 0 && run.clippable >= LONG && run.max < value)
    return {
      run,
      severity: "hint",
      effect: `inactive so far, since in ${formatCount(run.clippable)} steps of ${nameOf(run)} the largest norm was ${formatNumber(run.max)}`,
    };
  if (value > FAR * suggested && !run.calm)
    return { run, severity: "information", effect: `that is far above the norms of ${nameOf(run)}, and ${suggests}` };
  const share = run.clipped / run.clippable;
  if (value < suggested / FAR && value === run.inForce && share > MOST && /(^|\.)SGD$/.test(run.optimizer ?? ""))
    return {
      run,
      severity: "information",
      effect: `${nameOf(run)} clipped ${formatShare(share)} of its steps, the median one to ${formatShare(value / run.median)} of its length, which acts as a smaller learning rate; ${suggests}`,
    };
  return null;
}

function runsAt(facts: Facts, { clip, node }: Threshold): readonly ObservedRun[] {
  if (clip) return runsAtClip(facts, clip);
  const sites = facts.updates.filter(({ step }) =>
    step.optimizer.configured.some(({ threshold }) => threshold === node),
  );
  return sites[0] ? runsAtUpdate(facts, sites[0]) : [];
}

/** To the number that the run suggests, where it is told more than in passing. */
function fix(facts: Facts, { literal }: KnownThreshold, { run, severity }: Recorded): Fix | null {
  if (severity === "hint" || !isHere(literal)) return null;
  const newText = formatLiteral(run.threshold!);
  const old = facts.text.slice(rangeOf(literal).start, rangeOf(literal).end);
  const title = `Change the threshold from ${old} to ${newText}, as the run on ${run.date} suggests`;
  return { applicability: "unsafe", title, edits: [{ range: rangeOf(literal), newText }] };
}

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
