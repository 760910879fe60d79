import { type Column, decodeFrame, encodeFrame, FrameError } from "../../../protocol/frame.ts";
import type { Metric } from "../../../protocol/viewer.ts";
import { BLOCK_UNITS, type Block, type Extent, lowerBound, noExtent, unitSteps } from "./block.ts";
import { emptySummary, Level, type Summary, type SummaryColumns, sliced } from "./level.ts";
import { metricsOf } from "./value-block.ts";

/** Summaries of the units of one level in one stretch of steps: of those that have steps. */
export class UnitBlock implements Block {
  length = 0;
  private readonly level: number;
  /** The first step and the last one recorded in each unit, and how many were. */
  private readonly first = new Float64Array(BLOCK_UNITS);
  private readonly last = new Float64Array(BLOCK_UNITS);
  private readonly steps = new Float64Array(BLOCK_UNITS);
  private readonly levels = new Map<Metric, Level>();

  constructor(level: number) {
    this.level = level;
  }

  get metrics(): Iterable<Metric> {
    return this.levels.keys();
  }

  get size(): number {
    return BLOCK_UNITS * (3 + 5 * this.levels.size);
  }

  /** Adds a unit, after all so far, that is made of these entries of the level below. */
  push(below: Block, start: number, end: number): void {
    const extent = noExtent();
    below.extend(extent, start, end);
    this.first[this.length] = extent.first;
    this.last[this.length] = extent.last;
    this.steps[this.length] = extent.steps;
    for (const metric of below.metrics) {
      const summary = emptySummary();
      below.summarise(metric, summary, start, end);
      if (summary.count + summary.nonfinite > 0) this.levelOf(metric).set(this.length, summary);
    }
    this.length += 1;
  }

  position(step: number): number {
    const unit = unitSteps(this.level);
    const begin = Math.floor(step / unit) * unit;
    // A unit is at or after the one of this step if its first step is.
    return lowerBound(this.first, this.length, begin);
  }

  /** The extents of the units `start` ≤ i < `end`. */
  *extents(start: number, end: number): Generator<Extent> {
    for (let i = start; i < end; i += 1) yield { steps: this.steps[i]!, first: this.first[i]!, last: this.last[i]! };
  }

  summarise(metric: Metric, into: Summary, start: number, end: number): void {
    this.levels.get(metric)?.mergeInto(into, start, end);
  }

  extend(into: Extent, start: number, end: number): void {
    if (end <= start) return;
    for (let i = start; i < end; i += 1) into.steps += this.steps[i]!;
    into.first = Math.min(into.first, this.first[start]!);
    into.last = Math.max(into.last, this.last[end - 1]!);
  }

  copy(metric: Metric, from: Metric): void {
    const level = this.levels.get(from);
    if (level) this.levels.set(metric, level.copy(this.length));
  }

  truncate(length: number): void {
    for (const level of this.levels.values())
      for (let i = length; i < this.length; i += 1) level.set(i, emptySummary());
    this.length = Math.min(this.length, length);
  }

  encode(): Uint8Array {
    const { length } = this;
    const metrics = [...this.levels.values()].map((level) => level.first(length));
    const f64 = (name: "min" | "max" | "sum" | "last"): Column => {
      const data = new Float64Array(metrics.length * length);
      for (const [i, columns] of metrics.entries()) data.set(columns[name], i * length);
      return { dtype: "F64", shape: [metrics.length, length], data };
    };
    const u32 = (name: "count" | "nonfinite"): Column => {
      const data = new Uint32Array(metrics.length * length);
      for (const [i, columns] of metrics.entries()) data.set(columns[name], i * length);
      return { dtype: "U32", shape: [metrics.length, length], data };
    };
    const own = (data: Float64Array): Column => ({ dtype: "F64", shape: [length], data: data.slice(0, length) });
    return encodeFrame({
      metadata: { metrics: [...this.levels.keys()].join(" ") },
      columns: {
        first_step: own(this.first),
        last_step: own(this.last),
        steps: own(this.steps),
        min: f64("min"),
        max: f64("max"),
        sum: f64("sum"),
        last: f64("last"),
        count: u32("count"),
        nonfinite: u32("nonfinite"),
      },
    });
  }

  /** @throws {FrameError} where the bytes are no such block */
  static decode(level: number, bytes: Uint8Array): UnitBlock {
    const { metadata, columns } = decodeFrame(bytes);
    const metrics = metricsOf(metadata.metrics);
    const length = columns.steps?.shape[0] ?? 0;
    if (length > BLOCK_UNITS) throw new FrameError("more units than a block has");
    const f64 = (name: string, n: number): Float64Array => {
      const column = columns[name];
      if (column?.dtype !== "F64" || column.data.length !== n) throw new FrameError(name);
      return column.data;
    };
    const u32 = (name: string, n: number): Uint32Array => {
      const column = columns[name];
      if (column?.dtype !== "U32" || column.data.length !== n) throw new FrameError(name);
      return column.data;
    };
    const block = new UnitBlock(level);
    block.length = length;
    block.first.set(f64("first_step", length));
    block.last.set(f64("last_step", length));
    block.steps.set(f64("steps", length));
    const cells = metrics.length * length;
    const all: SummaryColumns = {
      min: f64("min", cells),
      max: f64("max", cells),
      sum: f64("sum", cells),
      last: f64("last", cells),
      count: u32("count", cells),
      nonfinite: u32("nonfinite", cells),
    };
    for (const [i, metric] of metrics.entries())
      block.levels.set(metric, new Level(sliced(all, i * length, (i + 1) * length)));
    return block;
  }

  private levelOf(metric: Metric): Level {
    let level = this.levels.get(metric);
    if (!level) {
      level = new Level();
      this.levels.set(metric, level);
    }
    return level;
  }
}
