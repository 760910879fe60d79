/** Samples of many layers, reduced as they come to at most so many buckets of steps. */

export interface LayerBucket {
  /** The first and the last sampled step in it. */
  readonly from: number;
  readonly to: number;
  /** By row; over the finite values. */
  readonly min: Float64Array | Float32Array;
  readonly max: Float64Array | Float32Array;
  readonly sum: Float64Array;
  readonly count: Uint32Array;
  readonly nonfinite: Uint32Array;
}

type Growing = { -readonly [K in keyof LayerBucket]: LayerBucket[K] };

/**
 * Buckets are stretches of 2^k steps that begin at a multiple of 2^k. Samples may come in any order; where more buckets than
 * `limit` would have some, each two neighbours become one, so that memory is bounded by rows × (limit + 1).
 */
export class LayerBuckets {
  private readonly rows: number;
  private readonly limit: number;
  private stepsEach: number;
  private buckets = new Map<number, Growing>();

  /** `width`: steps of a bucket to begin with, a power of two; the answer is the same for any that there would have been more than `limit` below. */
  constructor(rows: number, limit: number, width = 1) {
    this.rows = rows;
    this.limit = limit;
    this.stepsEach = width;
  }

  /** Steps that a bucket spans. */
  get width(): number {
    return this.stepsEach;
  }

  /** The values `offset` ≤ i < `offset + places.length` of a sample; `places[i]` is the row of each, or outside of the rows. */
  add(step: number, values: Float32Array, offset: number, places: Int32Array): void {
    const bucket = this.bucketAt(step);
    const { min, max, sum, count, nonfinite } = bucket;
    if (step < bucket.from) bucket.from = step;
    if (step > bucket.to) bucket.to = step;
    for (let i = 0; i < places.length; i += 1) {
      const row = places[i]!;
      if (row < 0 || row >= this.rows) continue;
      const value = values[offset + i]!;
      if (!Number.isFinite(value)) {
        nonfinite[row]! += 1;
        continue;
      }
      if (value < min[row]!) min[row] = value;
      if (value > max[row]!) max[row] = value;
      sum[row]! += value;
      count[row]! += 1;
    }
    if (this.buckets.size > this.limit) this.widen();
  }

  /** Takes a bucket that is no wider than those here; `places` as above, for each of its rows. */
  merge(bucket: LayerBucket, places: Int32Array): void {
    const into = this.bucketAt(bucket.from);
    into.from = Math.min(into.from, bucket.from);
    into.to = Math.max(into.to, bucket.to);
    for (let i = 0; i < places.length; i += 1) {
      const row = places[i]!;
      if (row >= 0 && row < this.rows) mergeRow(into, row, bucket, i);
    }
    if (this.buckets.size > this.limit) this.widen();
  }

  /** In the order of their steps. */
  toArray(): LayerBucket[] {
    return [...this.buckets.values()].sort((a, b) => a.from - b.from);
  }

  private bucketAt(step: number): Growing {
    const index = Math.floor(step / this.stepsEach);
    let bucket = this.buckets.get(index);
    if (!bucket) {
      bucket = emptyBucket(this.rows, step);
      this.buckets.set(index, bucket);
    }
    return bucket;
  }

  private widen(): void {
    const narrow = this.buckets;
    while (this.buckets.size > this.limit) {
      this.stepsEach *= 2;
      const indices = new Set([...narrow.values()].map(({ from }) => Math.floor(from / this.stepsEach)));
      if (indices.size > this.limit) continue;
      this.buckets = new Map();
      for (const bucket of narrow.values()) {
        const index = Math.floor(bucket.from / this.stepsEach);
        const other = this.buckets.get(index);
        if (other) merge(other, bucket);
        else this.buckets.set(index, bucket);
      }
    }
  }
}

const emptyBucket = (rows: number, step: number): Growing => ({
  from: step,
  to: step,
  min: new Float64Array(rows).fill(Number.POSITIVE_INFINITY),
  max: new Float64Array(rows).fill(Number.NEGATIVE_INFINITY),
  sum: new Float64Array(rows),
  count: new Uint32Array(rows),
  nonfinite: new Uint32Array(rows),
});

function merge(into: Growing, other: LayerBucket): void {
  into.from = Math.min(into.from, other.from);
  into.to = Math.max(into.to, other.to);
  for (let row = 0; row < into.min.length; row += 1) mergeRow(into, row, other, row);
}

function mergeRow(into: LayerBucket, row: number, other: LayerBucket, from: number): void {
  if (other.min[from]! < into.min[row]!) into.min[row] = other.min[from]!;
  if (other.max[from]! > into.max[row]!) into.max[row] = other.max[from]!;
  into.sum[row]! += other.sum[from]!;
  into.count[row]! += other.count[from]!;
  into.nonfinite[row]! += other.nonfinite[from]!;
}
