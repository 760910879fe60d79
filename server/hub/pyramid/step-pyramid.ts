import type { Metric } from "../../../protocol/viewer.ts";
import { doubled, type Summary } from "./level.ts";
import { MetricPyramid } from "./metric-pyramid.ts";

export interface MetricColumn {
  readonly metric: Metric;
  readonly values: Float64Array;
  /** 1 where a value was recorded. */
  readonly recorded: Uint8Array;
}

/** One attempt of a series: its steps, strictly increasing, and a pyramid for each metric that it recorded. */
export class StepPyramid {
  length = 0;
  private steps = new Float64Array(64);
  private readonly metrics = new Map<Metric, MetricPyramid>();

  get lastStep(): number {
    return this.length === 0 ? -1 : this.steps[this.length - 1]!;
  }

  append(steps: Float64Array, columns: readonly MetricColumn[]): void {
    for (const step of steps) {
      if (this.length === this.steps.length) this.steps = doubled(this.steps);
      this.steps[this.length] = step;
      this.length += 1;
    }
    for (const { metric, values, recorded } of columns) {
      const pyramid = this.pyramidOf(metric, this.length - steps.length);
      for (let i = 0; i < steps.length; i += 1) {
        if (recorded[i]) pyramid.push(values[i]!);
        else pyramid.pushAbsent();
      }
    }
    for (const pyramid of this.metrics.values()) while (pyramid.length < this.length) pyramid.pushAbsent();
  }

  /** Position of the first step ≥ `step`, looked for from `start` on. */
  position(step: number, start = 0): number {
    let low = start;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.steps[middle]! < step) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  stepAt(position: number): number {
    return this.steps[position]!;
  }

  /** Adds the positions `from` ≤ i < `to` of a metric to a summary. */
  summarise(metric: Metric, into: Summary, from: number, to: number): void {
    this.metrics.get(metric)?.summarise(into, from, to);
  }

  /** `metric` was the same as `from` so far. */
  copy(metric: Metric, from: Metric): void {
    const source = this.metrics.get(from);
    if (source) this.metrics.set(metric, source.copy());
  }

  private pyramidOf(metric: Metric, length: number): MetricPyramid {
    let pyramid = this.metrics.get(metric);
    if (!pyramid) {
      pyramid = new MetricPyramid();
      while (pyramid.length < length) pyramid.pushAbsent();
      this.metrics.set(metric, pyramid);
    }
    return pyramid;
  }
}
