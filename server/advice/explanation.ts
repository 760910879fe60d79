import type { Advice, Diagnosis } from "../../protocol/advice.ts";
import { fromJsonNumber } from "../../protocol/shape.ts";
import type { ClipRate } from "./clip-rate.ts";
import { formatCount, formatNumber, formatShare } from "./format.ts";
import { isScaleInvariant } from "./optimizer.ts";
import { type Conclusion, FEWEST_STEPS, SETTLED_STEPS } from "./verdict.ts";

export interface Findings {
  readonly advice: Conclusion;
  /** Said beside the explanation, which doesn't say it again. */
  readonly diagnoses: readonly Diagnosis[];
  readonly optimizer: string | null;
  readonly clipping: ClipRate;
  readonly byValue: boolean;
  readonly postOnly: number;
  /** Median of the last norms that count. */
  readonly recentMedian: number;
}

/** Advice in plain sentences, most important first, each with the numbers that it rests on. */
export function explain(findings: Findings): string[] {
  const sentences = [
    conclusion(findings),
    inForce(findings),
    evidence(findings),
    effect(findings),
    ...caveats(findings),
  ];
  return sentences.filter((sentence) => sentence !== null);
}

function conclusion({ advice: { verdict, threshold, inForce, evidence }, postOnly }: Findings): string {
  const given = formatNumber(threshold ?? Number.NaN);
  switch (verdict) {
    case "too-few-steps":
      if (evidence.steps === 0 && postOnly > 0)
        return "Only norms after clipping were recorded; a threshold can't be told from those.";
      return `${formatCount(evidence.steps)} of the ${FEWEST_STEPS} steps that a suggestion needs.`;
    case "exploding":
      return explosion(evidence, threshold);
    case "not-needed":
      return `Clipping is not needed for stability so far. As a safety net, a threshold of ${given} would do.`;
    case "keep":
      return `Keep the threshold of ${formatNumber(inForce!)}: these norms suggest ${given}, too close to tell apart.`;
    case "converged":
      return `No threshold for a new run: the norms began at ${formatNumber(fromJsonNumber(evidence.start))} and fell to ${formatNumber(fromJsonNumber(evidence.median))}. At ${given}, which these norms come to, a new run's first steps would keep ${formatShare(threshold! / fromJsonNumber(evidence.start))} of their gradient's length. Take it from the first few hundred steps of a run, or from short trials.`;
    case "suggest":
      return `Clip the global norm at ${given}, ${times(evidence.multiplier!)} the median norm: ${shape(evidence)}.`;
  }
}

function explosion({ nonFinite, steps, lastStep, sudden }: Advice["evidence"], threshold: number | null): string {
  const what = nonFinite > 0 ? "The gradients became NaN or infinite" : "The gradients exploded";
  if (steps === 0)
    return `${what} at the first step: look at the data, the loss and the initialisation before clipping.`;
  const when = `${what} after step ${formatCount(lastStep)}`;
  const given = threshold === null ? null : formatNumber(threshold);
  if (sudden)
    return `${when}, all at once; the norms before were ordinary. Look for a bad batch, a division or logarithm of zero, or an overflow in half precision. Clipping does not cure a NaN${given ? `; as a guard against large norms, ${given} would do` : ""}.`;
  if (!given) return `${when}, too early to tell a threshold.`;
  return `${when}. Clip the global norm at ${given}, a quarter of the median before; if it happens again, lower the learning rate.`;
}

function times(multiplier: number): string {
  if (multiplier > 0.95 && multiplier < 1.05) return "about";
  return `${Number(multiplier.toPrecision(2))} times`;
}

/** What the tail says about the multiplier. */
function shape({ localTailRatio, steps }: Advice["evidence"]): string {
  if (localTailRatio !== null && localTailRatio > 4)
    return `the tail is heavy (1% of the norms are ${formatNumber(localTailRatio)} times their surroundings or more), so that a few large steps don't outweigh all others`;
  return steps < 500
    ? "the tail is light, and with few steps it stays near the median"
    : "the tail is light, so it acts on outliers only";
}

function inForce({ advice: { verdict, inForce, threshold }, byValue }: Findings): string | null {
  if (byValue)
    return "The script clips by value now. A bound for single components can't be told from norms, which are what is recorded, and the two numbers can't be compared: clip the global norm instead, which keeps the gradient's direction.";
  if (inForce === null || threshold === null || verdict === "keep" || verdict === "too-few-steps") return null;
  return `The threshold in force is ${formatNumber(inForce)} now.`;
}

function evidence({ advice: { evidence } }: Findings): string | null {
  const { steps, median, p99, max } = evidence;
  if (steps === 0) return null;
  if (steps === 1) return `The norm of the one step was ${formatNumber(fromJsonNumber(max))}.`;
  return `Median norm ${formatNumber(fromJsonNumber(median))} over ${formatCount(steps)} steps; 99% stay under ${formatNumber(fromJsonNumber(p99))}; the largest was ${formatNumber(fromJsonNumber(max))}.`;
}

function effect({ advice: { verdict, threshold, evidence } }: Findings): string | null {
  const { wouldClip, meanClipFactor } = evidence;
  if (verdict === "converged" || threshold === null || wouldClip === null || meanClipFactor === null) return null;
  if (wouldClip === 0) return `At ${formatNumber(threshold)} none of these steps would have been clipped.`;
  return `At ${formatNumber(threshold)}, ${formatShare(wouldClip)} of these steps would have been clipped, and ${formatShare(meanClipFactor)} of the gradient's length kept on average.`;
}

function caveats({
  advice: { verdict, inForce, evidence, preliminary, threshold },
  diagnoses,
  optimizer,
  clipping,
  recentMedian,
}: Findings): string[] {
  const sentences: string[] = [];
  if (preliminary && threshold !== null)
    sentences.push(`Preliminary: a suggestion settles after ${SETTLED_STEPS} steps.`);
  const rate = clipping.rate;
  const median = fromJsonNumber(evidence.median);
  if (threshold !== null && !evidence.exploded) {
    const last = `(the last have a median of ${formatNumber(recentMedian)})`;
    if (recentMedian > 2 * median) sentences.push(`The norms are growing ${last}: look again later in the run.`);
    if (recentMedian < median / 2 && verdict !== "converged")
      sentences.push(
        `The norms are shrinking ${last}: this number goes down with them, and clips the more of the first steps of another run.`,
      );
  }
  const isDiagnosed = diagnoses.some(({ kind }) => kind === "over-clipping");
  if (inForce !== null && rate !== null && rate > 0.9 && median / inForce > 5 && !isDiagnosed)
    sentences.push(
      `${formatShare(rate)} of the last steps were clipped, the median one to ${formatShare(inForce / median)} of its length: ${effectOfScaling(optimizer)}.`,
    );
  if (evidence.nonFinite > 0 && !evidence.exploded)
    sentences.push(
      `${formatCount(evidence.nonFinite)} non-finite ${evidence.nonFinite === 1 ? "norm was" : "norms were"} left out; the run recovered.`,
    );
  if (evidence.skipped > 0)
    sentences.push(
      `${formatCount(evidence.skipped)} ${evidence.skipped === 1 ? "step that the scaler skipped doesn't" : "steps that the scaler skipped don't"} count.`,
    );
  return sentences;
}

/** What it means that every gradient is made smaller. */
function effectOfScaling(optimizer: string | null): string {
  switch (isScaleInvariant(optimizer)) {
    case true:
      return `${shortName(optimizer)} doesn't care how large gradients are, only how they differ from step to step, so that changes little here`;
    case false:
      return `${shortName(optimizer)} takes steps in proportion to the gradient, so that acts as a smaller learning rate`;
    case null:
      return "under SGD that acts as a smaller learning rate, while Adam and its kin hardly notice";
  }
}

const shortName = (optimizer: string | null) => optimizer!.slice(optimizer!.lastIndexOf(".") + 1);
