import type { Batch } from "../../../protocol/batch.ts";
import { toJsonNumber } from "../../../protocol/shape.ts";
import type { RunEvent, SeriesInfo } from "../../../protocol/telemetry.ts";
import type { Metric, SeriesDetail } from "../../../protocol/viewer.ts";
import { type ObservedStep, SeriesMonitor } from "../../advice/monitor.ts";
import { StepPyramid } from "../pyramid/step-pyramid.ts";
import { type Bucket, bucketsOf } from "../pyramid/window.ts";
import { GroupRates } from "./group-rates.ts";
import { metricColumns, observedSteps } from "./steps.ts";

/** One series of a run in memory: all its attempts, made from the stored frames alone. */
export class SeriesModel {
  private readonly attempts = new Map<number, StepPyramid>();
  private readonly monitor = new SeriesMonitor();
  private readonly rates = new GroupRates();
  private readonly latest = new Map<Metric, number>();
  private steps = 0;
  private firstStep = Number.POSITIVE_INFINITY;
  private lastStep = 0;
  private skipped = 0;
  private nonFinite = 0;

  /** Takes a batch of an attempt, later than all of it so far. Returns what the monitor found in it. */
  append(attempt: number, batch: Batch): RunEvent[] {
    let pyramid = this.attempts.get(attempt);
    if (!pyramid) {
      pyramid = new StepPyramid();
      this.attempts.set(attempt, pyramid);
    }
    const observed = observedSteps(batch);
    const rates = this.rates.columns(batch, (metric, from) => {
      for (const earlier of this.attempts.values()) earlier.copy(metric, from);
    });
    const columns = [...metricColumns(batch, observed), ...rates];
    pyramid.append(batch.steps, columns);
    for (const { metric, values, recorded } of columns) {
      const last = recorded.lastIndexOf(1);
      if (last >= 0) this.latest.set(metric, values[last]!);
    }
    return observed.flatMap((step) => this.observe(step));
  }

  buckets(metrics: readonly Metric[], from: number, to: number, limit: number): Bucket[] {
    return bucketsOf([...this.attempts.values()], metrics, from, to, limit);
  }

  detail(id: string, label: string, rank: number, info: SeriesInfo): SeriesDetail {
    return {
      id,
      name: info.id,
      rank,
      label,
      optimizer: info.optimizer,
      site: info.site,
      clip: info.clip,
      steps: this.steps,
      firstStep: this.steps === 0 ? 0 : this.firstStep,
      lastStep: this.lastStep,
      skipped: this.skipped,
      nonFinite: this.nonFinite,
      clipRate: this.monitor.clipRate,
      rates: this.rates.told(),
      latest: Object.fromEntries([...this.latest].map(([metric, value]) => [metric, toJsonNumber(value)])),
      advice: this.monitor.advice(),
    };
  }

  private observe(step: ObservedStep): RunEvent[] {
    this.steps += 1;
    this.firstStep = Math.min(this.firstStep, step.step);
    this.lastStep = Math.max(this.lastStep, step.step);
    if (step.skipped) this.skipped += 1;
    else if ([step.normPre, step.normPost, step.loss].some((value) => value !== null && !Number.isFinite(value)))
      this.nonFinite += 1;
    return this.monitor.observe(step);
  }
}
