import type { RunEvent } from "../../../protocol/telemetry.ts";
import { formatNumber } from "../format.ts";
import type { ObservedStep } from "../observed-step.ts";
import { SortedWindow } from "../sorted-window.ts";
import type { Detector } from "./detector.ts";

const WINDOW = 100;
const MINIMUM = 30;
const NEW_LEVEL = 10;

/**
 * A norm far above the recent ones: z = (ln g − median) / max(1.4826·MAD, 0.1) over the logarithms of the last 100 norms
 * that were no spikes, z > 5 and g more than 3 times their median. The logarithm and the MAD keep heavy tails quiet where
 * a z-score of mean and variance doesn't; the floor of 0.1 does so for runs without noise. Ten spikes in a row are not
 * spikes but a new level: the window starts again from them.
 */
export class SpikeDetector implements Detector {
  private readonly logs = new SortedWindow(WINDOW);
  private readonly streak: number[] = [];

  observe({ step, time, normPre: norm, skipped }: ObservedStep): RunEvent | null {
    if (skipped || norm === null || !Number.isFinite(norm) || norm <= 0) return null;
    const log = Math.log(norm);
    const median = this.logs.median();
    const z = this.logs.length < MINIMUM || log <= median + Math.log(3) ? 0 : this.score(log, median);
    if (z <= 5) {
      // Cutting a list is slow, also an empty one.
      if (this.streak.length > 0) this.streak.length = 0;
      this.logs.push(log);
      return null;
    }
    this.streak.push(log);
    if (this.streak.length === NEW_LEVEL) {
      this.logs.clear();
      for (const value of this.streak) this.logs.push(value);
      this.streak.length = 0;
    }
    const usual = Math.exp(median);
    return {
      kind: "spike",
      series: null,
      step,
      time,
      message: `Gradient norm ${formatNumber(norm)}: ${formatNumber(norm / usual)} times the recent median (${formatNumber(usual)}).`,
      data: { norm, median: usual, z },
    };
  }

  private score(log: number, median: number): number {
    return (log - median) / Math.max(1.4826 * this.logs.deviation(median), 0.1);
  }
}
