import type { ObservedStep } from "../observed-step.ts";

/** A step of which nothing was recorded. */
export const silent: Omit<ObservedStep, "step" | "time"> = {
  normPre: null,
  normPost: null,
  threshold: null,
  loss: null,
  learningRate: null,
  updateRatio: null,
  lossScale: null,
  skipped: false,
  byValue: false,
};
