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

/** A list of summaries in columns, so that a million of them are a few arrays. */
export class Level {
  length = 0;
  private min = new Float64Array(64);
  private max = new Float64Array(64);
  private sum = new Float64Array(64);
  private last = new Float64Array(64);
  private count = new Uint32Array(64);
  private nonfinite = new Uint32Array(64);

  push(summary: Summary): void {
    if (this.length === this.min.length) this.grow();
    this.min[this.length] = summary.min;
    this.max[this.length] = summary.max;
    this.sum[this.length] = summary.sum;
    this.last[this.length] = summary.last;
    this.count[this.length] = summary.count;
    this.nonfinite[this.length] = summary.nonfinite;
    this.length += 1;
  }

  /** Adds the summary at `index` to one of the values before it. */
  mergeInto(into: Summary, index: number): void {
    into.nonfinite += this.nonfinite[index]!;
    const count = this.count[index]!;
    if (count === 0) return;
    if (this.min[index]! < into.min) into.min = this.min[index]!;
    if (this.max[index]! > into.max) into.max = this.max[index]!;
    into.sum += this.sum[index]!;
    into.last = this.last[index]!;
    into.count += count;
  }

  private grow(): void {
    this.min = doubled(this.min);
    this.max = doubled(this.max);
    this.sum = doubled(this.sum);
    this.last = doubled(this.last);
    this.count = doubled(this.count);
    this.nonfinite = doubled(this.nonfinite);
  }
}

/** A copy of twice the length. */
export function doubled<T extends Float64Array | Uint32Array | Uint8Array>(array: T): T {
  const larger = new (array.constructor as new (length: number) => T)(array.length * 2);
  larger.set(array as never);
  return larger;
}
