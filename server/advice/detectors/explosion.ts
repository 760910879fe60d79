import type { RunEvent } from "../../../protocol/telemetry.ts";
import { formatNumber } from "../format.ts";
import type { ObservedStep } from "../observed-step.ts";
import type { Detector } from "./detector.ts";
import { GrowthDetector } from "./growth.ts";

/** Norms are growing if they leave behind what the run has lived through by as much. */
const UNHEARD = 3;
/** The loss's growth counts if it comes within so many steps of the norm's. */
const TOGETHER = 100;
/** Growth that pauses for fewer steps than this is still the same explosion. */
const PAUSE = 50;

/**
 * The norms grew tenfold against the 100 steps before and stayed there, and so did the loss fivefold, where there is a
 * positive one: norms alone may grow in a run that learns. A run that has all but converged falls back now and then to norms and
 * losses of its first steps, which are tens of times the last ones; so the norms must be beyond those, too. One event each time
 * that it happens.
 */
export class ExplosionDetector implements Detector {
  private readonly norms = new GrowthDetector(10, UNHEARD);
  private readonly losses = new GrowthDetector(5);
  private seen = 0;
  private normGrewAt = Number.NEGATIVE_INFINITY;
  private lossGrewAt = Number.NEGATIVE_INFINITY;
  private lossCountsUntil = Number.NEGATIVE_INFINITY;
  private quietUntil = Number.NEGATIVE_INFINITY;

  observe({ step, time, normPre: norm, loss, skipped }: ObservedStep): RunEvent | null {
    if (skipped) return null;
    this.seen += 1;
    if (loss !== null && loss > 0 && Number.isFinite(loss)) {
      this.lossCountsUntil = this.seen + TOGETHER;
      if (this.losses.push(loss)) this.lossGrewAt = this.seen;
    }
    if (norm !== null && Number.isFinite(norm) && this.norms.push(norm)) this.normGrewAt = this.seen;
    if (this.normGrewAt !== this.seen && this.lossGrewAt !== this.seen) return null;
    if (this.seen - this.normGrewAt > TOGETHER) return null;
    if (this.seen <= this.lossCountsUntil && this.seen - this.lossGrewAt > TOGETHER) return null;
    const quiet = this.seen <= this.quietUntil;
    this.quietUntil = this.seen + PAUSE;
    if (quiet) return null;
    const now = this.norms.recentMedian;
    const before = this.norms.medianBefore;
    return {
      kind: "explosion",
      series: null,
      step,
      time,
      message: `Gradients explode: the median norm of the last 10 steps is ${formatNumber(now)}, after ${formatNumber(before)} before.`,
      data: { recentMedian: now, medianBefore: before },
    };
  }
}
