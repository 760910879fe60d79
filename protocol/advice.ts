/** What the server makes of a series' norms, with its evidence. `server/advice` computes it; the dashboard shows it. */
import { finite, flag, jsonNumber, list, nullable, type Of, object, oneOf, text, whole } from "./shape.ts";

export const verdict = oneOf(
  "too-few-steps", // below 30 steps: no verdict
  "suggest", // `threshold` is worth writing
  "keep", // within a factor of two of the threshold in force
  "not-needed", // norms so calm that clipping is not needed for stability
  "exploding", // the run exploded or went non-finite; `threshold` comes from the clean part
);
export type Verdict = Of<typeof verdict>;

export const adviceEvidence = object({
  /** Steps that count: finite, not skipped, after cleaning. */
  steps: whole,
  firstStep: whole,
  lastStep: whole,
  median: jsonNumber,
  p99: jsonNumber,
  max: jsonNumber,
  /** p99 of each norm over the median of the up to 50 before it: how heavy the tail is. */
  localTailRatio: nullable(finite),
  /** threshold / median. */
  multiplier: nullable(finite),
  exploded: flag,
  nonFinite: whole,
  skipped: whole,
  /** Share of the counted steps that `threshold` would have clipped, and the mean clip factor over all of them. */
  wouldClip: nullable(finite),
  meanClipFactor: nullable(finite),
});

export const advice = object({
  verdict,
  /** Global-norm threshold, rounded to two digits; null when there is none to give. */
  threshold: nullable(finite),
  inForce: nullable(finite),
  preliminary: flag,
  evidence: adviceEvidence,
  /** Plain sentences, most important first. */
  explanation: list(text()),
});
export type Advice = Of<typeof advice>;

/** The norms before clipping that advice rests on: finite, not skipped, after cleaning. */
export const normDistribution = object({
  /** Each norm stands for those within about half this share of it; 0: they are exact. */
  resolution: finite,
  /** Ascending. */
  norms: list(finite),
  /** How many steps had each. */
  counts: list(whole),
});
export type NormDistribution = Of<typeof normDistribution>;
