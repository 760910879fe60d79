/** Wider buckets, for a narrower chart or a rate that needs many steps. Counts weigh the means, so nothing is estimated. */
import type { MetricBuckets, Tile } from "../hub/tile.ts";

/**
 * Joins the buckets of `tile` into at most about `limit`. Their edges are multiples of a width that doubles as it grows,
 * so that they stay where they are while a run goes on.
 */
export function coarsen(tile: Tile, limit: number): Tile {
  const n = tile.from.length;
  if (n <= limit) return tile;
  const width = 2 ** Math.ceil(Math.log2((tile.to[n - 1]! - tile.from[0]! + 1) / limit));
  const starts: number[] = [];
  for (let i = 0; i < n; i++)
    if (i === 0 || Math.floor(tile.from[i]! / width) > Math.floor(tile.from[i - 1]! / width)) starts.push(i);
  const ends = [...starts.slice(1), n];
  return {
    from: Float64Array.from(starts, (start) => tile.from[start]!),
    to: Float64Array.from(ends, (end) => tile.to[end - 1]!),
    metrics: new Map([...tile.metrics].map(([metric, buckets]) => [metric, join(buckets, starts, ends)])),
  };
}

function join(buckets: MetricBuckets, starts: number[], ends: number[]): MetricBuckets {
  const joined: MetricBuckets = {
    min: new Float64Array(starts.length).fill(Number.NaN),
    max: new Float64Array(starts.length).fill(Number.NaN),
    mean: new Float64Array(starts.length).fill(Number.NaN),
    last: new Float64Array(starts.length).fill(Number.NaN),
    count: new Uint32Array(starts.length),
    nonfinite: new Uint32Array(starts.length),
  };
  starts.forEach((start, group) => {
    let sum = 0;
    for (let i = start; i < ends[group]!; i++) {
      joined.nonfinite[group]! += buckets.nonfinite[i]!;
      const count = buckets.count[i]!;
      if (count === 0) continue;
      const first = joined.count[group] === 0;
      joined.min[group] = first ? buckets.min[i]! : Math.min(joined.min[group]!, buckets.min[i]!);
      joined.max[group] = first ? buckets.max[i]! : Math.max(joined.max[group]!, buckets.max[i]!);
      joined.last[group] = buckets.last[i]!;
      joined.count[group]! += count;
      sum += buckets.mean[i]! * count;
    }
    if (joined.count[group]) joined.mean[group] = sum / joined.count[group]!;
  });
  return joined;
}
