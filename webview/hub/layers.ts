/** The norms of all layers in a window, as the heat map reads them. */
import { type Column, type Frame, FrameError } from "../../protocol/frame.ts";
import { list, text } from "../../protocol/shape.ts";
import type { Tile } from "./tile.ts";

export interface LayerTile {
  /** In the order of the model; those from `first` on, of `total`. */
  readonly names: readonly string[];
  readonly first: number;
  readonly total: number;
  /** First and last sampled step of each bucket. */
  readonly from: Float64Array;
  readonly to: Float64Array;
  /** [layers, buckets], row-major: over the finite values, NaN where there are none. */
  readonly min: Float32Array;
  readonly max: Float32Array;
  readonly mean: Float32Array;
  readonly count: Uint32Array;
  readonly nonfinite: Uint32Array;
}

const layerNames = list(text(1024));
const utf8 = new TextDecoder("utf-8", { fatal: true });

/** @throws {FrameError | ShapeError} when a column is missing, of another type, or of another length than the rest */
export function readLayers({ metadata, columns }: Frame): LayerTile {
  const names = layerNames(JSON.parse(utf8.decode(data(columns, "names", "U8"))));
  const from = data(columns, "from", "F64");
  const cells = names.length * from.length;
  return {
    names,
    first: Number(metadata.rows),
    total: Number(metadata.layers),
    from,
    to: data(columns, "to", "F64", from.length),
    min: data(columns, "min", "F32", cells),
    max: data(columns, "max", "F32", cells),
    mean: data(columns, "mean", "F32", cells),
    count: data(columns, "count", "U32", cells),
    nonfinite: data(columns, "nonfinite", "U32", cells),
  };
}

/** One layer as a tile of its own. */
export function seriesOf(layers: LayerTile, place: number): Tile {
  const n = layers.from.length;
  const own = (all: Float32Array) => Float64Array.from(all.subarray(place * n, (place + 1) * n));
  const counts = (all: Uint32Array) => all.slice(place * n, (place + 1) * n);
  const mean = own(layers.mean);
  const buckets = {
    min: own(layers.min),
    max: own(layers.max),
    mean,
    last: mean,
    count: counts(layers.count),
    nonfinite: counts(layers.nonfinite),
  };
  return { from: layers.from, to: layers.to, metrics: new Map([["norm_pre", buckets]]) };
}

type DataOf<D extends Column["dtype"]> = Extract<Column, { dtype: D }>["data"];

function data<D extends Column["dtype"]>(
  columns: Readonly<Record<string, Column>>,
  name: string,
  dtype: D,
  length?: number,
): DataOf<D> {
  const column = columns[name];
  if (column?.dtype !== dtype) throw new FrameError(`layers: "${name}" must be ${dtype}`);
  if (length !== undefined && column.data.length !== length)
    throw new FrameError(`layers: "${name}" has ${column.data.length} values, not ${length}`);
  return column.data as DataOf<D>;
}
