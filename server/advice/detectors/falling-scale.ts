import type { RunEvent } from "../../../protocol/telemetry.ts";
import type { ObservedStep } from "../observed-step.ts";
import type { Detector } from "./detector.ts";

const ROUTINE = 20;

/** Single steps that the scaler skips are routine; 20 in a row mean that no scale is small enough: the gradients are not finite. */
export class FallingScaleDetector implements Detector {
  private inARow = 0;

  observe({ step, time, skipped }: ObservedStep): RunEvent | null {
    this.inARow = skipped ? this.inARow + 1 : 0;
    if (this.inARow !== ROUTINE) return null;
    return {
      kind: "warning",
      series: null,
      step,
      time,
      message: `The gradient scaler skipped ${ROUTINE} updates in a row: the gradients are not finite at any loss scale.`,
      data: { skipped: ROUTINE },
    };
  }
}
