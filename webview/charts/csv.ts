/** The numbers of a chart as a file: in full, with a dot, whatever the language of the page. */
import type { NormDistribution } from "../../protocol/advice.ts";
import type { SeriesDetail } from "../../protocol/viewer.ts";
import type { LayerTile } from "../hub/layers.ts";
import type { Tile } from "../hub/tile.ts";
import { type Overlay, overlayLine } from "./overlay.ts";
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

/** Of a run, as a chart shows it. */
interface Shown {
  readonly series: SeriesDetail;
  readonly tile: Tile;
}

const COLUMNS = ["min", "mean", "max", "count", "nonfinite"] as const;

/**
 * A row a bucket. Where other runs are compared with, theirs follow, in buckets of their own and of the line that is compared;
 * a first column names the run.
 */
export function chartCsv(
  spec: ChartSpec,
  shown: Shown & { readonly others: readonly Overlay[] },
  name: string,
): string {
  const own = spec.lines.filter(
    ({ metric, applies }) => applies?.(shown.series) !== false && shown.tile.metrics.has(metric),
  );
  const runs = [
    { name, tile: shown.tile, metrics: own.map(({ metric }) => metric) },
    ...shown.others.flatMap((other) => {
      const line = overlayLine(spec, other);
      return line ? [{ name: other.name, tile: other.tile, metrics: [line.metric] }] : [];
    }),
  ];
  const isNamed = shown.others.length > 0;
  const metrics = [...new Set(runs.flatMap((run) => run.metrics))];
  function* rows(): Generator<readonly Cell[]> {
    const head = metrics.flatMap((metric) => COLUMNS.map((column) => `${metric}.${column}`));
    yield [...(isNamed ? ["run"] : []), "from", "to", ...head];
    for (const { name, tile, metrics: told } of runs)
      for (const [i, from] of tile.from.entries()) {
        const cells = metrics.flatMap((metric) => {
          const buckets = told.includes(metric) ? tile.metrics.get(metric) : undefined;
          return COLUMNS.map((column) => buckets?.[column][i] ?? "");
        });
        yield [...(isNamed ? [name] : []), from, tile.to[i]!, ...cells];
      }
  }
  return csvOf(rows());
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
