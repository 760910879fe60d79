import { toJsonNumber } from "../../../protocol/shape.ts";
import type { RunEvent } from "../../../protocol/telemetry.ts";
import type { ObservedStep } from "../observed-step.ts";
import type { Detector } from "./detector.ts";

/** The first step of each stretch in which the norm or the loss is NaN or infinite. Steps that the scaler skipped are routine. */
export class NonFiniteDetector implements Detector {
  private inside = false;

  observe({ step, time, normPre, normPost, loss, skipped }: ObservedStep): RunEvent | null {
    if (skipped) return null;
    const norm = normPre ?? normPost;
    const badNorm = norm !== null && !Number.isFinite(norm);
    const badLoss = loss !== null && !Number.isFinite(loss);
    const began = (badNorm || badLoss) && !this.inside;
    this.inside = badNorm || badLoss;
    if (!began) return null;
    const what = [badNorm ? `gradient norm is ${norm}` : "", badLoss ? `loss is ${loss}` : ""].filter(Boolean);
    return {
      kind: "nonfinite",
      series: null,
      step,
      time,
      message: `The ${what.join(" and the ")}.`,
      data: { norm: norm === null ? null : toJsonNumber(norm), loss: loss === null ? null : toJsonNumber(loss) },
    };
  }
}
