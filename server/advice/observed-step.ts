/** One update of one series, as the store holds it. null: not recorded; NaN and infinity: seen as such. */
export interface ObservedStep {
  readonly step: number;
  /** Unix seconds. */
  readonly time: number;
  readonly normPre: number | null;
  readonly normPost: number | null;
  readonly threshold: number | null;
  readonly loss: number | null;
  /** The gradient scaler skipped the update. */
  readonly skipped: boolean;
  /** Clipped by value: `threshold` bounds each component, not the norm. */
  readonly byValue: boolean;
}

/** The threshold that bounds the global norm at this step; an infinite one, used to read the norm only, bounds nothing. */
export function normThreshold(step: ObservedStep): number | null {
  return step.byValue || step.threshold === null || !Number.isFinite(step.threshold) ? null : step.threshold;
}
