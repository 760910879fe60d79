/** A tile as the charts read it: buckets of steps, and for each metric what was seen in them. */
import { type Column, type Frame, FrameError } from "../../protocol/frame.ts";
import { type Metric, metric } from "../../protocol/viewer.ts";

/** One value a bucket. `count` counts the finite values; where it is 0 the others are NaN. */
export interface MetricBuckets {
  readonly min: Float64Array;
  readonly max: Float64Array;
  readonly mean: Float64Array;
  readonly last: Float64Array;
  readonly count: Uint32Array;
  readonly nonfinite: Uint32Array;
}

export interface Tile {
  /** First and last step of each bucket. */
  readonly from: Float64Array;
  readonly to: Float64Array;
  readonly metrics: ReadonlyMap<Metric, MetricBuckets>;
}

/** @throws {FrameError} when a column is missing, of another type, or of another length than the rest */
export function readTile({ columns }: Frame): Tile {
  const from = floats(columns, "from");
  const to = floats(columns, "to", from.length);
  const metrics = new Map<Metric, MetricBuckets>();
  for (const column of Object.keys(columns)) {
    const name = /^(.+)\.min$/.exec(column)?.[1];
    if (name === undefined) continue;
    metrics.set(metric(name), {
      min: floats(columns, column, from.length),
      max: floats(columns, `${name}.max`, from.length),
      mean: floats(columns, `${name}.mean`, from.length),
      last: floats(columns, `${name}.last`, from.length),
      count: counts(columns, `${name}.count`, from.length),
      nonfinite: counts(columns, `${name}.nonfinite`, from.length),
    });
  }
  return { from, to, metrics };
}

type Columns = Readonly<Record<string, Column>>;

function floats(columns: Columns, name: string, length?: number): Float64Array {
  const column = columns[name];
  if (column?.dtype !== "F64") throw new FrameError(`tile: "${name}" must be F64`);
  return checked(column.data, name, length);
}

function counts(columns: Columns, name: string, length: number): Uint32Array {
  const column = columns[name];
  if (column?.dtype !== "U32") throw new FrameError(`tile: "${name}" must be U32`);
  return checked(column.data, name, length);
}

function checked<A extends ArrayLike<number>>(data: A, name: string, length = data.length): A {
  if (data.length !== length) throw new FrameError(`tile: "${name}" has ${data.length} values, not ${length}`);
  return data;
}

/** The bucket that holds `step`, or else the nearest one; -1 in an empty tile. */
export function bucketAt(tile: Tile, step: number): number {
  let low = 0;
  let high = tile.from.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (tile.from[middle]! <= step) low = middle;
    else high = middle - 1;
  }
  const next = low + 1;
  if (next < tile.from.length && step > tile.to[low]! && tile.from[next]! - step < step - tile.to[low]!) return next;
  return high < 0 ? -1 : low;
}
