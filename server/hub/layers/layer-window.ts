import { type Batch, type LayerSamples, readBatch, type Samples } from "../../../protocol/batch.ts";
import { decodeFrame } from "../../../protocol/frame.ts";
import type { LayerMetric } from "../../../protocol/viewer.ts";
import { seriesKey } from "../store/events.ts";
import type { Store } from "../store/store.ts";
import { type LayerBucket, LayerBuckets } from "./layer-buckets.ts";
import { layerRows } from "./layer-rows.ts";

/** Of one answer. */
export const MOST_ROWS = 4096;
export const MOST_CELLS = 2 ** 18;
/** Frames between two breaths: some milliseconds. */
const PAGE = 200;

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

/** Reduces the per-layer samples of a series, over all of its attempts, letting other work through between pages. */
export async function layerWindow(store: Store, run: number, query: LayerQuery): Promise<LayerWindow> {
  const { series, metric, from, to, rows } = query;
  const attempts = store.series.list(run).filter(({ info, rank }) => seriesKey(info.id, rank) === series);
  const all = layerRows(
    attempts.flatMap(({ attempt, info }) =>
      Object.entries(info.layers).map(([table, names]) => ({ attempt, table, names })),
    ),
  );
  const first = Math.min(rows?.from ?? 0, all.names.length);
  const names = all.names.slice(first, first + Math.min(rows?.count ?? MOST_ROWS, MOST_ROWS));
  const limit = Math.max(1, Math.min(query.buckets, Math.floor(MOST_CELLS / Math.max(1, names.length))));
  const buckets = new LayerBuckets(names.length, limit);
  const places = new Map<string, Int32Array>();
  for (const { attempt, info } of attempts) {
    for await (const layers of sampled(store, attempt, info.id)) {
      const samples = samplesOf(layers, metric);
      const table = `${attempt} ${layers.table}`;
      const rowsOf = places.get(table) ?? all.rowsOf(attempt, layers.table)?.map((row) => row - first);
      if (!samples || rowsOf?.length !== layers.width) continue;
      places.set(table, rowsOf);
      for (const [i, step] of samples.steps.entries())
        if (step >= from && step <= to) buckets.add(step, samples.values, i * layers.width, rowsOf);
    }
  }
  return { names, first, total: all.names.length, buckets: buckets.toArray() };
}

const samplesOf = (layers: LayerSamples, metric: LayerMetric): Samples | null =>
  metric === "grad_norm" ? layers.norms : layers.weights;

/** What each frame of a series has of its layers. */
async function* sampled(store: Store, attempt: number, series: string): AsyncGenerator<LayerSamples> {
  let seq = -1;
  for (;;) {
    const frames = store.frames.ofSeries(attempt, series, seq, PAGE);
    for (const { bytes } of frames) {
      const layers = read(bytes)?.layers;
      if (layers) yield layers;
    }
    if (frames.length < PAGE) return;
    seq = frames.at(-1)!.seq;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** null for a row that is damaged. */
function read(bytes: Uint8Array): Batch | null {
  try {
    return readBatch(decodeFrame(bytes));
  } catch {
    return null;
  }
}
