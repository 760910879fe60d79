/** The last `capacity` values, exactly, in the order they came. */
export class Ring {
  readonly capacity: number;
  /** Values ever pushed. */
  total = 0;
  private readonly values: Float64Array;

  constructor(capacity: number) {
    this.capacity = capacity;
    this.values = new Float64Array(capacity);
  }

  get length(): number {
    return Math.min(this.total, this.capacity);
  }

  push(value: number): void {
    this.values[this.total % this.capacity] = value;
    this.total += 1;
  }

  /** The last value pushed; NaN if there was none. */
  newest(): number {
    return this.total === 0 ? Number.NaN : this.values[(this.total - 1) % this.capacity]!;
  }

  /** A copy, oldest first. */
  toArray(): Float64Array {
    const length = this.length;
    const result = new Float64Array(length);
    const start = this.total - length;
    for (let i = 0; i < length; i++) result[i] = this.values[(start + i) % this.capacity]!;
    return result;
  }
}
