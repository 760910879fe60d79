import type { ObservedStep } from "../../server/advice/observed-step.ts";
import type { Trace } from "./traces.ts";

/** A trace as the monitor sees a run. */
export function* observed({ norms, losses, clip }: Trace): Generator<ObservedStep> {
  const threshold = clip === "none" ? null : Number(clip);
  for (const [step, norm] of norms.entries())
    yield {
      step,
      time: step,
      normPre: norm,
      normPost: null,
      threshold,
      loss: losses[step]!,
      skipped: false,
      byValue: false,
    };
}
