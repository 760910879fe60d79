import { BLOCK_UNITS } from "./block.ts";

/** What is kept of a stretch of values. Extremes, sum and last are over the finite ones. */
export interface Summary {
  min: number;
  max: number;
  sum: number;
  /** NaN if no value is finite. */
  last: number;
  /** Finite values. */
  count: number;
  nonfinite: number;
}

export const emptySummary = (): Summary => ({
  min: Number.POSITIVE_INFINITY,
  max: Number.NEGATIVE_INFINITY,
  sum: 0,
  last: Number.NaN,
  count: 0,
  nonfinite: 0,
});

export interface SummaryColumns {
  readonly min: Float64Array;
  readonly max: Float64Array;
  readonly sum: Float64Array;
  readonly last: Float64Array;
  readonly count: Uint32Array;
  readonly nonfinite: Uint32Array;
}

/** A list of summaries in columns; empty ones to begin with. */
export class Level {
  private columns: SummaryColumns;

  /** The first ones may be given. */
  constructor(columns: SummaryColumns = NONE) {
    this.columns = columns;
  }

  set(index: number, summary: Summary): void {
    if (index >= this.columns.min.length) this.grow(index + 1);
    const { min, max, sum, last, count, nonfinite } = this.columns;
    min[index] = summary.min;
    max[index] = summary.max;
    sum[index] = summary.sum;
    last[index] = summary.last;
    count[index] = summary.count;
    nonfinite[index] = summary.nonfinite;
  }

  /** Adds the summaries `start` ≤ i < `end` to one of the values before them. */
  mergeInto(into: Summary, start: number, end: number): void {
    const { min, max, sum, last, count, nonfinite } = this.columns;
    for (let i = start; i < Math.min(end, min.length); i += 1) {
      into.nonfinite += nonfinite[i]!;
      if (count[i] === 0) continue;
      if (min[i]! < into.min) into.min = min[i]!;
      if (max[i]! > into.max) into.max = max[i]!;
      into.sum += sum[i]!;
      into.last = last[i]!;
      into.count += count[i]!;
    }
  }

  /** The first `length` of them. */
  first(length: number): SummaryColumns {
    if (length > this.columns.min.length) this.grow(length);
    return sliced(this.columns, 0, length);
  }

  copy(length: number): Level {
    const copied = new Level();
    for (let i = 0; i < length; i += 1) {
      const summary = emptySummary();
      this.mergeInto(summary, i, i + 1);
      copied.set(i, summary);
    }
    return copied;
  }

  private grow(length: number): void {
    const { min, max, sum, last, count, nonfinite } = this.columns;
    const n = Math.max(BLOCK_UNITS, length);
    const larger = {
      min: new Float64Array(n).fill(Number.POSITIVE_INFINITY),
      max: new Float64Array(n).fill(Number.NEGATIVE_INFINITY),
      sum: new Float64Array(n),
      last: new Float64Array(n).fill(Number.NaN),
      count: new Uint32Array(n),
      nonfinite: new Uint32Array(n),
    };
    larger.min.set(min);
    larger.max.set(max);
    larger.sum.set(sum);
    larger.last.set(last);
    larger.count.set(count);
    larger.nonfinite.set(nonfinite);
    this.columns = larger;
  }
}

/** The same memory from `start` to `end`. */
export const sliced = (columns: SummaryColumns, start: number, end: number): SummaryColumns => ({
  min: columns.min.subarray(start, end),
  max: columns.max.subarray(start, end),
  sum: columns.sum.subarray(start, end),
  last: columns.last.subarray(start, end),
  count: columns.count.subarray(start, end),
  nonfinite: columns.nonfinite.subarray(start, end),
});

const NONE: SummaryColumns = {
  min: new Float64Array(),
  max: new Float64Array(),
  sum: new Float64Array(),
  last: new Float64Array(),
  count: new Uint32Array(),
  nonfinite: new Uint32Array(),
};
