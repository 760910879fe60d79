/** The numbers of a chart as a file: in full, with a dot, whatever the language of the page. */
import type { NormDistribution } from "../../protocol/advice.ts";
import type { SeriesDetail } from "../../protocol/viewer.ts";
import type { LayerTile } from "../hub/layers.ts";
import type { Tile } from "../hub/tile.ts";
import type { ChartSpec } from "./spec.ts";

type Cell = string | number;

/** RFC 4180. What was not recorded is empty. */
function csvOf(rows: Iterable<readonly Cell[]>): string {
  const lines: string[] = [];
  for (const row of rows) lines.push(row.map(cellOf).join(","));
  return `${lines.join("\r\n")}\r\n`;
}

function cellOf(cell: Cell): string {
  if (typeof cell === "number") return Number.isNaN(cell) ? "" : String(cell);
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

/** A row a bucket. */
export function chartCsv({ lines }: ChartSpec, series: SeriesDetail, tile: Tile): string {
  const shown = lines.flatMap(({ metric, applies }) => {
    const buckets = applies?.(series) === false ? undefined : tile.metrics.get(metric);
    return buckets ? [{ metric, buckets }] : [];
  });
  const head = shown.flatMap(({ metric }) =>
    ["min", "mean", "max", "count", "nonfinite"].map((column) => `${metric}.${column}`),
  );
  const row = (from: number, i: number): Cell[] => [
    from,
    tile.to[i]!,
    ...shown.flatMap(({ buckets: { min, mean, max, count, nonfinite } }) => [
      min[i]!,
      mean[i]!,
      max[i]!,
      count[i]!,
      nonfinite[i]!,
    ]),
  ];
  return csvOf([["from", "to", ...head], ...Array.from(tile.from, row)]);
}

/** A row a layer and bucket, of all layers in the order of the model. */
export function layersCsv(tile: LayerTile): string {
  const { names, from, to, min, mean, max, count, nonfinite } = tile;
  function* rows(): Generator<readonly Cell[]> {
    yield ["layer", "from", "to", "min", "mean", "max", "count", "nonfinite"];
    for (const [layer, name] of names.entries())
      for (const [bucket, start] of from.entries()) {
        const i = layer * from.length + bucket;
        yield [name, start, to[bucket]!, min[i]!, mean[i]!, max[i]!, count[i]!, nonfinite[i]!];
      }
  }
  return csvOf(rows());
}

/** A row a norm. */
export const distributionCsv = ({ norms, counts }: NormDistribution): string =>
  csvOf([["norm", "steps"], ...norms.map((norm, i) => [norm, counts[i]!])]);
