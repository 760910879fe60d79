/** What a threshold would have done to the norms that were recorded, and which thresholds there are to try. */
import type { NormDistribution } from "../../protocol/advice.ts";
import type { Range } from "./range.ts";

export interface Effect {
  /** Share of the steps above the threshold. */
  readonly clipped: number;
  /** Mean of min(1, threshold / norm) over all steps: what is left of the gradient's length. */
  readonly factor: number;
}

/** null where there are no norms. */
export function effectOf({ norms, counts }: NormDistribution, threshold: number): Effect | null {
  let steps = 0;
  let clipped = 0;
  let factors = 0;
  for (const [i, norm] of norms.entries()) {
    steps += counts[i]!;
    if (norm > threshold) clipped += counts[i]!;
    factors += counts[i]! * Math.min(1, threshold / norm);
  }
  return steps === 0 ? null : { clipped: clipped / steps, factor: factors / steps };
}

/** To three significant digits, and inside the range: more can't be told apart, and would stand in the code. */
export function thresholdWithin(value: number, { min, max }: Range): number {
  return Number(Math.min(Math.max(value, min), max).toPrecision(3));
}

/** The threshold that is `share` of a logarithmic axis away: at least the next one that differs. */
export function thresholdBeside(threshold: number, share: number, range: Range): number {
  const moved = thresholdWithin(threshold * (range.max / range.min) ** share, range);
  const digit = 10 ** (Math.floor(Math.log10(threshold)) - 2);
  return moved === threshold ? thresholdWithin(threshold + Math.sign(share) * digit, range) : moved;
}
