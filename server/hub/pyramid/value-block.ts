import { decodeFrame, encodeFrame, FrameError } from "../../../protocol/frame.ts";
import { type Metric, metric as metricShape } from "../../../protocol/viewer.ts";
import { type Block, blockSteps, type Extent, lowerBound } from "./block.ts";
import type { Summary } from "./level.ts";

export interface MetricColumn {
  readonly metric: Metric;
  readonly values: Float64Array;
  /** 1 where a value was recorded: NaN is a value, too. */
  readonly recorded: Uint8Array;
}

const CAPACITY = blockSteps(0);

/** The values of all metrics at the steps of one stretch. */
export class ValueBlock implements Block {
  length = 0;
  private readonly steps = new Float64Array(CAPACITY);
  private readonly columns = new Map<Metric, { values: Float64Array; recorded: Uint8Array }>();

  get metrics(): Iterable<Metric> {
    return this.columns.keys();
  }

  get size(): number {
    return CAPACITY * (1 + 1.125 * this.columns.size);
  }

  /** Takes the rows `from` ≤ i < `to`, whose steps come after all so far and within this stretch. */
  append(steps: Float64Array, columns: readonly MetricColumn[], from: number, to: number): void {
    this.steps.set(steps.subarray(from, to), this.length);
    for (const { metric, values, recorded } of columns) {
      const own = this.columnOf(metric);
      own.values.set(values.subarray(from, to), this.length);
      own.recorded.set(recorded.subarray(from, to), this.length);
    }
    this.length += to - from;
  }

  stepsIn(start: number, end: number): Float64Array {
    return this.steps.subarray(start, end);
  }

  position(step: number): number {
    return lowerBound(this.steps, this.length, step);
  }

  summarise(metric: Metric, into: Summary, start: number, end: number): void {
    const column = this.columns.get(metric);
    if (!column) return;
    const { values, recorded } = column;
    for (let i = start; i < end; i += 1) {
      if (recorded[i] === 0) continue;
      const value = values[i]!;
      if (!Number.isFinite(value)) {
        into.nonfinite += 1;
        continue;
      }
      if (value < into.min) into.min = value;
      if (value > into.max) into.max = value;
      into.sum += value;
      into.last = value;
      into.count += 1;
    }
  }

  extend(into: Extent, start: number, end: number): void {
    if (end <= start) return;
    into.steps += end - start;
    into.first = Math.min(into.first, this.steps[start]!);
    into.last = Math.max(into.last, this.steps[end - 1]!);
  }

  copy(metric: Metric, from: Metric): void {
    const column = this.columns.get(from);
    if (!column) return;
    this.columns.set(metric, { values: column.values.slice(), recorded: column.recorded.slice() });
  }

  truncate(length: number): void {
    for (const { recorded } of this.columns.values()) recorded.fill(0, length);
    this.length = Math.min(this.length, length);
  }

  encode(): Uint8Array {
    const { length, columns } = this;
    const values = new Float64Array(columns.size * length);
    const recorded = new Uint8Array(columns.size * length);
    for (const [i, column] of [...columns.values()].entries()) {
      values.set(column.values.subarray(0, length), i * length);
      recorded.set(column.recorded.subarray(0, length), i * length);
    }
    return encodeFrame({
      metadata: { metrics: [...columns.keys()].join(" ") },
      columns: {
        step: { dtype: "F64", shape: [length], data: this.steps.slice(0, length) },
        values: { dtype: "F64", shape: [columns.size, length], data: values },
        recorded: { dtype: "U8", shape: [columns.size, length], data: recorded },
      },
    });
  }

  /** @throws {FrameError} where the bytes are no such block */
  static decode(bytes: Uint8Array): ValueBlock {
    const { metadata, columns } = decodeFrame(bytes);
    const { step, values, recorded } = columns;
    const metrics = metricsOf(metadata.metrics);
    const length = step?.shape[0] ?? 0;
    const cells = metrics.length * length;
    if (step?.dtype !== "F64" || values?.dtype !== "F64" || recorded?.dtype !== "U8") throw new FrameError("columns");
    if (length > CAPACITY || values.data.length !== cells || recorded.data.length !== cells)
      throw new FrameError("lengths");
    const block = new ValueBlock();
    const rows = metrics.map((metric, i) => ({
      metric,
      values: values.data.subarray(i * length, (i + 1) * length),
      recorded: recorded.data.subarray(i * length, (i + 1) * length),
    }));
    block.append(step.data, rows, 0, length);
    return block;
  }

  private columnOf(metric: Metric) {
    let column = this.columns.get(metric);
    if (!column) {
      column = { values: new Float64Array(CAPACITY), recorded: new Uint8Array(CAPACITY) };
      this.columns.set(metric, column);
    }
    return column;
  }
}

/** @throws {ShapeError} at what is no metric */
export const metricsOf = (names = ""): Metric[] =>
  names === "" ? [] : names.split(" ").map((name) => metricShape(name));
