import type { ObservedStep } from "../../server/advice/observed-step.ts";
import type { Trace } from "./traces.ts";

/** The step from which on the learning rate of a `+lrx100` trace is a hundred times as high. */
export const LEARNING_RATE_FAULT = 400;

/** A trace as the monitor sees a run. */
export function* observed({ task, norms, losses, clip }: Trace): Generator<ObservedStep> {
  const threshold = clip === "none" ? null : Number(clip);
  for (const [step, norm] of norms.entries())
    yield {
      step,
      time: step,
      normPre: norm,
      normPost: null,
      threshold,
      loss: losses[step]!,
      // Not recorded but for what the fault is: relative to the rate before.
      learningRate: task.endsWith("+lrx100") ? (step < LEARNING_RATE_FAULT ? 1 : 100) : 1,
      updateRatio: null,
      lossScale: null,
      skipped: false,
      byValue: false,
    };
}
