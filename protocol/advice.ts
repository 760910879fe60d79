/** What the server makes of a series' norms, with its evidence. `server/advice` computes it; the dashboard shows it. */
import { finite, flag, jsonNumber, list, nullable, type Of, object, oneOf, text, whole } from "./shape.ts";

export const verdict = oneOf(
  "too-few-steps", // below 30 steps: no verdict
  "suggest", // `threshold` is worth writing
  "keep", // within a factor of two of the threshold in force
  "not-needed", // norms so calm that clipping is not needed for stability
  "converged", // the norms have fallen so far that `threshold` suits the end of this run, and no new one
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
  /** Median of the first quarter, of up to 100 steps. */
  start: jsonNumber,
  /** p99 of each norm over the median of the up to 50 before it: how heavy the tail is. */
  localTailRatio: nullable(finite),
  /** threshold / median. */
  multiplier: nullable(finite),
  exploded: flag,
  /** It did so by becoming NaN or infinite from one step to the next, without growth before: clipping does not cure that. */
  sudden: flag,
  nonFinite: whole,
  skipped: whole,
  /** Share of the counted steps that `threshold` would have clipped, and the mean clip factor over all of them. */
  wouldClip: nullable(finite),
  meanClipFactor: nullable(finite),
});

export const diagnosisKind = oneOf(
  "hot-learning-rate", // the learning rate is too high: the loss does not fall, or rose with it
  "vanishing", // the gradients of the first layers are far smaller than those of the last
  "no-gradient", // the global norm is exactly zero at every update
  "dead", // some parameters' gradients are exactly zero
  "bad-batch", // an isolated spike of norm and loss, from which the run recovered
  "overflow", // the scaler finds no scale at which the gradients are finite
  "over-clipping", // nearly every step is clipped, by far, and the loss hardly falls
  "inactive", // the threshold in force has never clipped anything
);
export type DiagnosisKind = Of<typeof diagnosisKind>;

/** What is to be said of a series beside its threshold: often that it isn't the threshold. */
export const diagnosis = object({
  kind: diagnosisKind,
  /** preliminary: below 200 steps; likely: by a rule that may err; certain: what was recorded says it by itself. */
  confidence: oneOf("preliminary", "likely", "certain"),
  /** The steps that the evidence is from. */
  firstStep: whole,
  lastStep: whole,
  /** A plain sentence or two with the numbers that it rests on. */
  evidence: text(),
  /** What to do next. */
  next: text(),
});
export type Diagnosis = Of<typeof diagnosis>;

export const advice = object({
  verdict,
  /** Global-norm threshold, rounded to two digits; null when there is none to give. */
  threshold: nullable(finite),
  inForce: nullable(finite),
  /** Whether the optimizer undoes a constant factor on all gradients, as Adam does; null: not known. */
  scaleInvariant: nullable(flag),
  preliminary: flag,
  evidence: adviceEvidence,
  /** Plain sentences, most important first. */
  explanation: list(text()),
  /** Most important first; empty where nothing was found. */
  diagnoses: list(diagnosis),
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
