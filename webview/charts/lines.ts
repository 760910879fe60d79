/** What of the buckets of a tile makes a line, and what its values span. */
import type { MetricBuckets, Tile } from "../hub/tile.ts";
import { remembered } from "./remembered.ts";

/** Neighbouring buckets, both inclusive, that a line joins. */
export interface Run {
  readonly first: number;
  readonly last: number;
}

/** Steps are missing where neighbouring buckets lie further apart than this many times the usual distance. */
const GAP_FACTOR = 2.5;

/** The buckets before which the line must break, because steps are missing there. */
export const gapsBefore = remembered(({ from, to }: Tile): ReadonlySet<number> => {
  const distances: number[] = [];
  for (let i = 1; i < from.length; i++) distances.push(from[i]! - to[i - 1]!);
  const usual = [...distances].sort((a, b) => a - b)[distances.length >> 1] ?? 1;
  const gaps = new Set<number>();
  distances.forEach((distance, i) => {
    if (distance > usual * GAP_FACTOR) gaps.add(i + 1);
  });
  return gaps;
});

/** The runs among the buckets from `first` to `last`: they end where there is no value, and before a gap. */
export function runsOf(values: Float64Array, gaps: ReadonlySet<number>, first = 0, last = values.length - 1): Run[] {
  const runs: Run[] = [];
  let start = -1;
  for (let i = first; i <= last; i++) {
    const value = values[i]!;
    if (start >= 0 && (gaps.has(i) || Number.isNaN(value))) {
      runs.push({ first: start, last: i - 1 });
      start = -1;
    }
    if (start < 0 && !Number.isNaN(value)) start = i;
  }
  if (start >= 0) runs.push({ first: start, last });
  return runs;
}

/** The middle step of a bucket, where its values stand. */
export const middle = (tile: Tile, bucket: number): number => (tile.from[bucket]! + tile.to[bucket]!) / 2;

/** Lowest and highest finite value; with `positive`, of those above 0, which a logarithmic axis can show. */
export function extremes(buckets: MetricBuckets, band: boolean, positive: boolean): [number, number] | null {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const values of band ? [buckets.min, buckets.max] : [buckets.mean])
    for (const value of values) {
      if (!Number.isFinite(value) || (positive && value <= 0)) continue;
      if (value < low) low = value;
      if (value > high) high = value;
    }
  return low <= high ? [low, high] : null;
}

/** Do the buckets hold anything at all, finite or not? */
export const hasValues = (buckets: MetricBuckets | undefined): boolean =>
  buckets !== undefined && (buckets.count.some((n) => n > 0) || buckets.nonfinite.some((n) => n > 0));
