/** One update of one series, as the store holds it. null: not recorded; NaN and infinity: seen as such. */
export interface ObservedStep {
  readonly step: number;
  /** Unix seconds. */
  readonly time: number;
  readonly normPre: number | null;
  readonly normPost: number | null;
  readonly threshold: number | null;
  readonly loss: number | null;
  readonly learningRate: number | null;
  /** Norm of the update over norm of the weights. */
  readonly updateRatio: number | null;
  /** Of the gradient scaler. */
  readonly lossScale: number | null;
  /** The gradient scaler skipped the update. */
  readonly skipped: boolean;
  /** Clipped by value: `threshold` bounds each component, not the norm. */
  readonly byValue: boolean;
}

/** Norms of the gradients of all parameters at one step, in the order of the model. NaN: it had no gradient, or none that is a number. */
export interface ObservedLayers {
  readonly step: number;
  readonly norms: ArrayLike<number>;
}

/** The threshold that bounds the global norm at this step; an infinite one, used to read the norm only, bounds nothing. */
export function normThreshold(step: ObservedStep): number | null {
  return step.byValue || step.threshold === null || !Number.isFinite(step.threshold) ? null : step.threshold;
}
