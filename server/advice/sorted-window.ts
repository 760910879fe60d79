import { quantileOfSorted } from "./quantile.ts";

/** The last `capacity` values kept in order of size, so that their median is at hand after every value. */
export class SortedWindow {
  readonly capacity: number;
  length = 0;
  private readonly arrivals: Float64Array;
  private readonly sorted: Float64Array;
  private next = 0;

  constructor(capacity: number) {
    this.capacity = capacity;
    this.arrivals = new Float64Array(capacity);
    this.sorted = new Float64Array(capacity);
  }

  /** Takes a finite value in; gives back the one that had to leave, or NaN while there was room. */
  push(value: number): number {
    const { sorted, arrivals, capacity } = this;
    let leaving = Number.NaN;
    // The gap to fill: the leaving value's place, or a new one at the end. It moves to where the value belongs.
    let gap = this.length;
    if (this.length === capacity) {
      leaving = arrivals[this.next]!;
      gap = this.rank(leaving);
    } else this.length += 1;
    for (; gap > 0 && sorted[gap - 1]! > value; gap--) sorted[gap] = sorted[gap - 1]!;
    for (const end = this.length - 1; gap < end && sorted[gap + 1]! < value; gap++) sorted[gap] = sorted[gap + 1]!;
    sorted[gap] = value;
    arrivals[this.next] = value;
    this.next = this.next + 1 === capacity ? 0 : this.next + 1;
    return leaving;
  }

  clear(): void {
    this.length = 0;
    this.next = 0;
  }

  median(): number {
    const { sorted, length } = this;
    if (length === 0) return Number.NaN;
    const low = sorted[(length - 1) >> 1]!;
    // As quantileOfSorted would have it, which takes several times as long at each of a million steps.
    return length % 2 === 1 ? low : low + (sorted[length >> 1]! - low) * 0.5;
  }

  /** NaN of nothing. */
  maximum(): number {
    return this.length === 0 ? Number.NaN : this.sorted[this.length - 1]!;
  }

  /** Median absolute deviation from `center`. */
  deviation(center: number): number {
    const deviations = new Float64Array(this.length);
    for (let i = 0; i < this.length; i++) deviations[i] = Math.abs(this.sorted[i]! - center);
    return quantileOfSorted(deviations.sort(), 0.5);
  }

  /** How many values are smaller than `value`. */
  private rank(value: number): number {
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.sorted[middle]! < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
