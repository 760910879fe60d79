/** From the buckets of a tile to the points of a line. Points are reused: a live chart would otherwise feed the collector. */
import type { MetricBuckets, Tile } from "../hub/tile.ts";

export interface Point {
  x: number;
  y: number;
}

/** Steps are missing where neighbouring buckets lie further apart than this many times the usual distance. */
const GAP_FACTOR = 2.5;

/** The buckets before which the line must break, because steps are missing there. */
export function gapsBefore({ from, to }: Tile): Set<number> {
  const distances: number[] = [];
  for (let i = 1; i < from.length; i++) distances.push(from[i]! - to[i - 1]!);
  const usual = [...distances].sort((a, b) => a - b)[distances.length >> 1] ?? 1;
  const gaps = new Set<number>();
  distances.forEach((distance, i) => {
    if (distance > usual * GAP_FACTOR) gaps.add(i + 1);
  });
  return gaps;
}

/**
 * Fills `points` with one point a bucket at the bucket's middle step, NaN where the metric has no finite value, and a NaN
 * of its own at each gap. Returns the radius of each point: one that has no neighbour to be joined to shows as a dot.
 */
export function fillLine(
  points: Point[],
  tile: Tile,
  values: Float64Array | null,
  gaps: ReadonlySet<number>,
): number[] {
  let n = 0;
  const put = (x: number, y: number) => {
    const point = points[n];
    if (point) {
      point.x = x;
      point.y = y;
    } else points.push({ x, y });
    n++;
  };
  for (let i = 0; i < tile.from.length; i++) {
    if (gaps.has(i)) put((tile.to[i - 1]! + tile.from[i]!) / 2, Number.NaN);
    put(middle(tile, i), values?.[i] ?? Number.NaN);
  }
  points.length = n;
  return points.map(({ y }, i) => (isAlone(y, points[i - 1]?.y, points[i + 1]?.y) ? 2 : 0));
}

const isAlone = (y: number, before = Number.NaN, after = Number.NaN): boolean =>
  !Number.isNaN(y) && Number.isNaN(before) && Number.isNaN(after);

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
