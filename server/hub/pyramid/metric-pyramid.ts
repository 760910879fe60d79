import { doubled, emptySummary, Level, type Summary } from "./level.ts";

/** Fan-out: a power of two, so that positions split by shifts. */
const SHIFT = 3;
const FAN_OUT = 1 << SHIFT;

/**
 * The values of one metric by position, with a pyramid of summaries over them: level l holds one for each full run of
 * 8^(l+1) positions. Any range is summarised in O(log n), and no extreme is ever averaged away.
 */
export class MetricPyramid {
  length = 0;
  private values = new Float64Array(64);
  /** 1 where a value was recorded: NaN is a value, too. */
  private recorded = new Uint8Array(64);
  private readonly levels: Level[] = [];

  push(value: number): void {
    this.append(value, 1);
  }

  pushAbsent(): void {
    this.append(0, 0);
  }

  copy(): MetricPyramid {
    const made = new MetricPyramid();
    for (let i = 0; i < this.length; i += 1) made.append(this.values[i]!, this.recorded[i] === 1 ? 1 : 0);
    return made;
  }

  /** Adds the positions `from` ≤ i < `to`, all of them pushed, to a summary of those before. */
  summarise(into: Summary, from: number, to: number): void {
    let position = from;
    while (position < to) {
      let level = -1;
      let size = 1;
      // The largest full bucket that starts here and ends within the range.
      while ((position & (size * FAN_OUT - 1)) === 0 && position + size * FAN_OUT <= to) {
        size *= FAN_OUT;
        level += 1;
      }
      if (level < 0) this.addValue(into, position);
      else this.levels[level]!.mergeInto(into, position / size);
      position += size;
    }
  }

  private append(value: number, recorded: 0 | 1): void {
    if (this.length === this.values.length) {
      this.values = doubled(this.values);
      this.recorded = doubled(this.recorded);
    }
    this.values[this.length] = value;
    this.recorded[this.length] = recorded;
    this.length += 1;
    if ((this.length & (FAN_OUT - 1)) === 0) this.closeBuckets();
  }

  private closeBuckets(): void {
    const bottom = emptySummary();
    for (let position = this.length - FAN_OUT; position < this.length; position += 1) this.addValue(bottom, position);
    let summary = bottom;
    for (let level = 0; ; level += 1) {
      this.levels[level] ??= new Level();
      const buckets = this.levels[level]!;
      buckets.push(summary);
      if ((buckets.length & (FAN_OUT - 1)) !== 0) return;
      summary = emptySummary();
      for (let i = buckets.length - FAN_OUT; i < buckets.length; i += 1) buckets.mergeInto(summary, i);
    }
  }

  private addValue(into: Summary, position: number): void {
    if (this.recorded[position] === 0) return;
    const value = this.values[position]!;
    if (!Number.isFinite(value)) {
      into.nonfinite += 1;
      return;
    }
    if (value < into.min) into.min = value;
    if (value > into.max) into.max = value;
    into.sum += value;
    into.last = value;
    into.count += 1;
  }
}
