import type { LayerMetric } from "../../../protocol/viewer.ts";
import { Breath } from "../runs/breath.ts";
import { seriesKey } from "../store/events.ts";
import type { StoredSeries } from "../store/series.ts";
import { type LayerBucket, LayerBuckets } from "./layer-buckets.ts";
import type { LayerPyramid } from "./layer-pyramid.ts";
import { layerRows } from "./layer-rows.ts";
import type { RunLayers } from "./run-layers.ts";

/** Of one answer. */
export const MOST_ROWS = 4096;
export const MOST_CELLS = 2 ** 18;

export interface LayerQuery {
  /** By the id that viewers know. */
  readonly series: string;
  readonly metric: LayerMetric;
  /** Steps, inclusive. */
  readonly from: number;
  readonly to: number;
  readonly buckets: number;
  readonly rows: { readonly from: number; readonly count: number } | null;
}

export interface LayerWindow {
  /** Names of the rows that are given, and the place of the first of them among `total`. */
  readonly names: readonly string[];
  readonly first: number;
  readonly total: number;
  readonly buckets: readonly LayerBucket[];
}

/**
 * Reduces the per-layer samples of a series, over all of its attempts, letting other work through meanwhile. `declared`: the
 * run's series. @throws {BlockGone} where the run was worked out anew meanwhile
 */
export async function layerWindow(
  declared: readonly StoredSeries[],
  layers: RunLayers,
  query: LayerQuery,
): Promise<LayerWindow> {
  const { series, metric, from, to, rows } = query;
  const tables = declared
    .filter(({ info, rank }) => seriesKey(info.id, rank) === series)
    .flatMap(({ attempt, info }) =>
      Object.entries(info.layers).map(([table, names]) => ({ attempt, series: info.id, table, names })),
    );
  const all = layerRows(tables);
  const first = Math.min(rows?.from ?? 0, all.names.length);
  const names = all.names.slice(first, first + Math.min(rows?.count ?? MOST_ROWS, MOST_ROWS));
  const limit = Math.max(1, Math.min(query.buckets, Math.floor(MOST_CELLS / Math.max(1, names.length))));
  const sampled = tables.flatMap(({ attempt, series: id, table }): Sampled[] => {
    const pyramid = layers.find({ attempt, series: id, metric, table });
    return pyramid ? [{ pyramid, places: all.rowsOf(attempt, table)!.map((row) => row - first) }] : [];
  });
  const least = Math.max(1, ...sampled.map(({ pyramid }) => pyramid.leastWidth(from, to, limit)));
  const buckets = new LayerBuckets(names.length, limit, least);
  const breath = new Breath();
  for (const { pyramid, places } of sampled)
    for (const part of pyramid.within(from, to, () => buckets.width)) {
      part.block.addTo(buckets, places, part.from, part.to);
      await breath.taken();
    }
  return { names, first, total: all.names.length, buckets: buckets.toArray() };
}

interface Sampled {
  readonly pyramid: LayerPyramid;
  /** The row of the answer that each layer of the table is, or a number that none has. */
  readonly places: Int32Array;
}
