/**
 * The static threshold for the global norm. Found by simulation on 23 small trainings, each retrained with the threshold
 * that came out: light tails want one to two medians, heavy tails half a median, a run that exploded a quarter of it.
 */
export interface NormStatistics {
  /** Steps that count, after cleaning. */
  readonly steps: number;
  readonly median: number;
  /** p99 over time of each norm / median of the up to 50 before it; NaN below 11 steps. */
  readonly localTailRatio: number;
  /** The norms grew out of bounds. A NaN with ordinary norms before is none of their doing, and says nothing about them. */
  readonly exploded: boolean;
}

/** Threshold over median. */
export function multiplier({ steps, localTailRatio, exploded }: NormStatistics): number {
  if (exploded) return 0.25;
  const settled = clamp01(Math.log(steps / 100) / Math.log(5));
  const heaviness = Number.isNaN(localTailRatio) ? 0 : clamp01(Math.log(localTailRatio / 4) / Math.log(3));
  return 2 ** (settled * (1 - heaviness)) * 0.5 ** heaviness;
}

export function staticThreshold(statistics: NormStatistics): number {
  return statistics.median * multiplier(statistics);
}

const clamp01 = (value: number) => Math.min(1, Math.max(0, value));

/** To two significant digits: more would claim a precision that no threshold has. */
export function roundThreshold(value: number): number {
  return Number(value.toPrecision(2));
}
