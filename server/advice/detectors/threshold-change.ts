import type { RunEvent } from "../../../protocol/telemetry.ts";
import { formatNumber } from "../format.ts";
import { normThreshold, type ObservedStep } from "../observed-step.ts";
import type { Detector } from "./detector.ts";

/** An adaptive method changes its threshold all the time; that of this many steps at least was a constant. */
const CONSTANT = 20;

/** A threshold for the norm that stood still was changed: by a schedule, or because the run was resumed with another one. */
export class ThresholdChangeDetector implements Detector {
  private current: number | null = null;
  private since = 0;

  observe(step: ObservedStep): RunEvent | null {
    const threshold = normThreshold(step);
    if (threshold === null || threshold === this.current) {
      this.since += 1;
      return null;
    }
    const previous = this.since >= CONSTANT ? this.current : null;
    this.current = threshold;
    this.since = 1;
    if (previous === null) return null;
    return {
      kind: "threshold",
      series: null,
      step: step.step,
      time: step.time,
      message: `The clipping threshold changed from ${formatNumber(previous)} to ${formatNumber(threshold)}.`,
      data: { from: previous, to: threshold },
    };
  }
}
