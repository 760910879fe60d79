/** From layers to the rows of a heat map: a layer each while they fit, and modules where they are too many. */
import type { LayerTile } from "../hub/layers.ts";
import { roundRange } from "./color-scale.ts";
import type { Range } from "./range.ts";

export interface LayerRow {
  readonly name: string;
  /** The layers of the tile that it stands for: from, inclusive, to, exclusive. */
  readonly from: number;
  readonly to: number;
}

/** What the layers of each row had in each bucket, [rows, buckets], row-major. */
export interface Cells {
  /** Over the finite norms; NaN where there are none. */
  readonly min: Float64Array;
  readonly max: Float64Array;
  /** Values that were not finite. */
  readonly nonfinite: Uint32Array;
}

/** `blocks.0.mlp.weight`, and Keras's `blocks/0/mlp/kernel`. */
const SEPARATOR = /[./]/;

/**
 * At most `most` rows in the order of the model. Layers are put together by the module that they belong to, the innermost
 * for which the rows are few enough; names that don't tell modules, by their place.
 */
export function layerRows(names: readonly string[], most: number): LayerRow[] {
  if (names.length <= most) return names.map((name, i) => ({ name, from: i, to: i + 1 }));
  const paths = names.map((name) => name.split(SEPARATOR));
  const deepest = Math.max(...paths.map(({ length }) => length));
  for (let depth = deepest - 1; depth > 0; depth--) {
    const rows = neighbours(names, paths, depth);
    if (rows.length <= most && rows.length > 1) return rows;
  }
  const size = Math.ceil(names.length / most);
  return Array.from({ length: Math.ceil(names.length / size) }, (_, i) => {
    const [from, to] = [i * size, Math.min((i + 1) * size, names.length)];
    return { name: `${names[from]} … ${names[to - 1]}`, from, to };
  });
}

/** Layers beside each other whose names begin with the same `depth` parts. */
function neighbours(names: readonly string[], paths: readonly string[][], depth: number): LayerRow[] {
  const rows: LayerRow[] = [];
  for (const [i, path] of paths.entries()) {
    const name = names[i]!.slice(0, path.slice(0, depth).join(".").length);
    const last = rows.at(-1);
    if (last?.name === name) rows[rows.length - 1] = { ...last, to: i + 1 };
    else rows.push({ name, from: i, to: i + 1 });
  }
  return rows;
}

export function cellsOf(tile: LayerTile, rows: readonly LayerRow[]): Cells {
  const buckets = tile.from.length;
  const cells = {
    min: new Float64Array(rows.length * buckets).fill(Number.NaN),
    max: new Float64Array(rows.length * buckets).fill(Number.NaN),
    nonfinite: new Uint32Array(rows.length * buckets),
  };
  for (const [row, { from, to }] of rows.entries())
    for (let layer = from; layer < to; layer++)
      for (let bucket = 0; bucket < buckets; bucket++) {
        const source = layer * buckets + bucket;
        const cell = row * buckets + bucket;
        cells.nonfinite[cell]! += tile.nonfinite[source]!;
        if (tile.count[source] === 0) continue;
        // A comparison with NaN is false, so that the first value is always taken.
        if (!(cells.min[cell]! <= tile.min[source]!)) cells.min[cell] = tile.min[source]!;
        if (!(cells.max[cell]! >= tile.max[source]!)) cells.max[cell] = tile.max[source]!;
      }
  return cells;
}

/** The round range of all norms above 0; null where there are none. */
export function rangeOf({ max, count }: LayerTile): Range | null {
  let [low, high] = [Number.POSITIVE_INFINITY, 0];
  for (const [i, norm] of max.entries()) {
    if (count[i] === 0 || norm <= 0) continue;
    if (norm < low) low = norm;
    if (norm > high) high = norm;
  }
  return high > 0 ? roundRange(low, high) : null;
}
