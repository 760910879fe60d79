/** What `python -m gradsight sweep --write FILE` writes: the outcome of a sweep, as JSON. */
import { finite, flag, list, nullable, type Of, object, text, whole } from "./shape.ts";
import { codeLocation } from "./telemetry.ts";

const sweptSetting = object({
  /** "own", "none" (no clipping by norm) or a threshold as a decimal number. */
  setting: text(64),
  /** The threshold that was in force; null: no clipping by norm. */
  threshold: nullable(finite),
  /** The final losses of the trials that came to their end, one a seed. */
  losses: list(finite, 10_000),
  steps: whole,
  /** Of the steps; null where nothing was clipped by norm. */
  clip_rate: nullable(finite),
  outcome: text(),
});
export type SweptSetting = Of<typeof sweptSetting>;

export const sweepResult = object({
  /** In the order in which they are shown; the script's own is the first. */
  settings: list(sweptSetting, 1000),
  /** The script's own and the one that led, in the longer trials; nothing where none led. */
  longer: list(sweptSetting, 2),
  /** The setting that is better than the script's own; null: no trial can show that one is. */
  winner: nullable(text(64)),
  reason: text(),
  notes: list(text(), 100),
  /** Steps of the script's own training, as its last complete run or a trial showed; null: not known. */
  training: nullable(whole),
  site: nullable(codeLocation),
  /** Where the script clips by norm itself. */
  clip: nullable(codeLocation),
});
export type SweepResult = Of<typeof sweepResult>;

/** What it writes instead where no threshold can be tried: a sentence that says why. */
export const sweepRefusal = object({ refused: text() });

/** What `--progress FILE` holds while the sweep runs. */
export const sweepProgress = object({
  done: whole,
  /** 0 until the first one has shown what is to be tried. */
  trials: whole,
  /** Seconds for those that aren't done; null until one has come to its end. */
  left: nullable(finite),
  /** Longer trials come after these if a threshold leads. */
  more: flag,
});
export type SweepProgress = Of<typeof sweepProgress>;
