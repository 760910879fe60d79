/** Samples of many layers, reduced as they come to at most so many buckets of steps. */

export interface LayerBucket {
  /** The first and the last sampled step in it. */
  readonly from: number;
  readonly to: number;
  /** By row; over the finite values. */
  readonly min: Float32Array;
  readonly max: Float32Array;
  readonly sum: Float64Array;
  readonly count: Uint32Array;
  readonly nonfinite: Uint32Array;
}

/**
 * Buckets are stretches of 2^k steps that begin at a multiple of 2^k. Samples may come in any order; where more buckets than
 * `limit` would have some, each two neighbours become one, so that memory is bounded by rows × (limit + 1). All buckets lie in one
 * array a figure, [limit + 1, rows]: arrays of their own for each took longer to make than to fill.
 */
export class LayerBuckets {
  private readonly rows: number;
  private readonly limit: number;
  private stepsEach: number;
  /** Where the bucket of each stretch lies. */
  private slots = new Map<number, number>();
  /** Those that became part of others. */
  private readonly free: number[] = [];
  private readonly from: Float64Array;
  private readonly to: Float64Array;
  private readonly min: Float32Array;
  private readonly max: Float32Array;
  private readonly sum: Float64Array;
  private readonly count: Uint32Array;
  private readonly nonfinite: Uint32Array;

  /** `width`: steps of a bucket to begin with, a power of two; the answer is the same for any that there would have been more than `limit` below. */
  constructor(rows: number, limit: number, width = 1) {
    this.rows = rows;
    this.limit = limit;
    this.stepsEach = width;
    const cells = rows * (limit + 1);
    this.from = new Float64Array(limit + 1);
    this.to = new Float64Array(limit + 1);
    this.min = new Float32Array(cells);
    this.max = new Float32Array(cells);
    this.sum = new Float64Array(cells);
    this.count = new Uint32Array(cells);
    this.nonfinite = new Uint32Array(cells);
  }

  /** Steps that a bucket spans. */
  get width(): number {
    return this.stepsEach;
  }

  /** The values `offset` ≤ i < `offset + places.length` of a sample; `places[i]` is the row of each, or outside of the rows. */
  add(step: number, values: Float32Array, offset: number, places: Int32Array): void {
    const { rows, min, max, sum, count, nonfinite } = this;
    const start = this.slotOf(step, step) * rows;
    for (let i = 0; i < places.length; i += 1) {
      const row = places[i]!;
      if (row < 0 || row >= rows) continue;
      const cell = start + row;
      const value = values[offset + i]!;
      if (!Number.isFinite(value)) {
        nonfinite[cell]! += 1;
        continue;
      }
      if (value < min[cell]!) min[cell] = value;
      if (value > max[cell]!) max[cell] = value;
      sum[cell]! += value;
      count[cell]! += 1;
    }
    if (this.slots.size > this.limit) this.widen();
  }

  /** Takes a bucket that is no wider than those here; `places` as above, for each of its rows. */
  merge(bucket: LayerBucket, places: Int32Array): void {
    const { rows, min, max, sum, count, nonfinite } = this;
    const start = this.slotOf(bucket.from, bucket.to) * rows;
    for (let i = 0; i < places.length; i += 1) {
      const row = places[i]!;
      if (row < 0 || row >= rows) continue;
      const cell = start + row;
      if (bucket.min[i]! < min[cell]!) min[cell] = bucket.min[i]!;
      if (bucket.max[i]! > max[cell]!) max[cell] = bucket.max[i]!;
      sum[cell]! += bucket.sum[i]!;
      count[cell]! += bucket.count[i]!;
      nonfinite[cell]! += bucket.nonfinite[i]!;
    }
    if (this.slots.size > this.limit) this.widen();
  }

  /** In the order of their steps. */
  toArray(): LayerBucket[] {
    const { rows, from, to, min, max, sum, count, nonfinite } = this;
    return [...this.slots.values()]
      .sort((a, b) => from[a]! - from[b]!)
      .map((slot) => {
        const [start, end] = [slot * rows, (slot + 1) * rows];
        return {
          from: from[slot]!,
          to: to[slot]!,
          min: min.subarray(start, end),
          max: max.subarray(start, end),
          sum: sum.subarray(start, end),
          count: count.subarray(start, end),
          nonfinite: nonfinite.subarray(start, end),
        };
      });
  }

  /** Of the bucket that has this step, with the steps up to `last`. */
  private slotOf(step: number, last: number): number {
    const index = Math.floor(step / this.stepsEach);
    let slot = this.slots.get(index);
    if (slot === undefined) {
      slot = this.free.pop() ?? this.slots.size;
      this.slots.set(index, slot);
      this.from[slot] = step;
      this.to[slot] = last;
      const [start, end] = [slot * this.rows, (slot + 1) * this.rows];
      this.min.fill(Number.POSITIVE_INFINITY, start, end);
      this.max.fill(Number.NEGATIVE_INFINITY, start, end);
      for (const zero of [this.sum, this.count, this.nonfinite]) zero.fill(0, start, end);
    } else {
      if (step < this.from[slot]!) this.from[slot] = step;
      if (last > this.to[slot]!) this.to[slot] = last;
    }
    return slot;
  }

  private widen(): void {
    const narrow = [...this.slots.values()];
    while (this.slots.size > this.limit) {
      this.stepsEach *= 2;
      const indexOf = (slot: number) => Math.floor(this.from[slot]! / this.stepsEach);
      if (new Set(narrow.map(indexOf)).size > this.limit) continue;
      this.slots = new Map();
      for (const slot of narrow) {
        const other = this.slots.get(indexOf(slot));
        if (other === undefined) this.slots.set(indexOf(slot), slot);
        else this.join(other, slot);
      }
    }
  }

  private join(into: number, slot: number): void {
    const { rows, from, to, min, max, sum, count, nonfinite } = this;
    from[into] = Math.min(from[into]!, from[slot]!);
    to[into] = Math.max(to[into]!, to[slot]!);
    for (let row = 0; row < rows; row += 1) {
      const [cell, other] = [into * rows + row, slot * rows + row];
      if (min[other]! < min[cell]!) min[cell] = min[other]!;
      if (max[other]! > max[cell]!) max[cell] = max[other]!;
      sum[cell]! += sum[other]!;
      count[cell]! += count[other]!;
      nonfinite[cell]! += nonfinite[other]!;
    }
    this.free.push(slot);
  }
}
