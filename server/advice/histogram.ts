/**
 * A logarithmic histogram of positive values: bins 1 % wide over 1e-12..1e12 in constant memory (22 KiB), so that a
 * quantile of any number of values is right within half a bin (0.5 %). Values outside count in the outermost bins.
 * Histograms add up, bin by bin.
 */
/** Of a bin, as a share of its value. */
export const BIN_WIDTH = 0.01;
const LOWEST = Math.log(1e-12);
const WIDTH = Math.log1p(BIN_WIDTH);
const BINS = Math.ceil((Math.log(1e12) - LOWEST) / WIDTH);

/** The geometric middle of each bin. */
const MIDDLES = Float64Array.from({ length: BINS }, (_, bin) => Math.exp(LOWEST + (bin + 0.5) * WIDTH));

export class LogHistogram {
  count = 0;
  private readonly bins = new Uint32Array(BINS);
  /** The bins in use lie in [first, last]. */
  private first = BINS;
  private last = -1;

  add(value: number): void {
    const bin = Math.min(BINS - 1, Math.max(0, Math.floor((Math.log(value) - LOWEST) / WIDTH)));
    this.bins[bin]! += 1;
    this.count += 1;
    if (bin < this.first) this.first = bin;
    if (bin > this.last) this.last = bin;
  }

  addAll(other: LogHistogram): void {
    for (let bin = other.first; bin <= other.last; bin++) this.bins[bin]! += other.bins[bin]!;
    this.count += other.count;
    this.first = Math.min(this.first, other.first);
    this.last = Math.max(this.last, other.last);
  }

  clear(): void {
    if (this.count === 0) return;
    this.bins.fill(0, this.first, this.last + 1);
    this.count = 0;
    this.first = BINS;
    this.last = -1;
  }

  quantile(q: number): number {
    if (this.count === 0) return Number.NaN;
    const rank = q * (this.count - 1);
    const below = Math.floor(rank);
    let seen = 0;
    for (let bin = this.first; bin <= this.last; bin++) {
      seen += this.bins[bin]!;
      if (seen <= below) continue;
      const low = MIDDLES[bin]!;
      if (seen > below + 1 || below + 1 >= this.count) return low;
      let next = bin + 1;
      while (this.bins[next] === 0) next += 1;
      return low + (MIDDLES[next]! - low) * (rank - below);
    }
    return MIDDLES[this.last]!;
  }

  /** Each bin in use: its middle and its count. */
  *[Symbol.iterator](): Generator<readonly [value: number, count: number]> {
    for (let bin = this.first; bin <= this.last; bin++) {
      const count = this.bins[bin]!;
      if (count > 0) yield [MIDDLES[bin]!, count];
    }
  }
}
