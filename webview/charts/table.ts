/** A chart's visible buckets as a table: the same numbers, for who can't or would rather not read them off a canvas. */
import { element, patchList, setText } from "../dom.ts";
import { formatCount, formatShare, formatValue } from "../format.ts";
import { t } from "../l10n.ts";
import type { Scene } from "./canvas.ts";
import { otherValueAt } from "./legend.ts";
import { middle } from "./lines.ts";
import { overlayLine } from "./overlay.ts";
import { progressOf } from "./progress.ts";
import { type ChartSpec, nameOf } from "./spec.ts";

const TEXT = {
  steps: t("Steps"),
  lowest: (name: string) => t("{0}, lowest", name),
  mean: (name: string) => t("{0}, mean", name),
  highest: (name: string) => t("{0}, highest", name),
  nonFinite: t("NaN or infinite"),
  epoch: t("Epoch"),
  checkpoint: t("Checkpoint"),
  caption: (title: string, rows: string) => t("{0}: {1} rows", title, rows),
};

interface TableColumn {
  readonly title: string;
  cell(bucket: number): string;
}

export function createTable(): HTMLTableElement {
  return element("table", {}, element("caption"), element("thead", {}, element("tr")), element("tbody"));
}

export function fillTable(table: HTMLTableElement, spec: ChartSpec, scene: Scene): void {
  const { tile } = scene;
  const columns = columnsOf(spec, scene);
  setText(table.caption!, TEXT.caption(spec.title, formatCount(tile.from.length)));
  patchList(
    table.tHead!.rows[0]!,
    columns,
    () => element("th", { scope: "col" }),
    (cell, column) => setText(cell, column.title),
  );
  patchList(
    table.tBodies[0]!,
    [...tile.from.keys()],
    () => element("tr"),
    (row, bucket) => {
      patchList(
        row,
        columns,
        () => (row.children.length === 0 ? element("th", { scope: "row" }) : element("td")),
        (cell, column) => setText(cell, column.cell(bucket)),
      );
    },
  );
}

function columnsOf(spec: ChartSpec, { series, tile, events, others }: Scene): TableColumn[] {
  const format = spec.axis === "share" ? formatShare : formatValue;
  const columns: TableColumn[] = [{ title: TEXT.steps, cell: (i) => stepRange(tile.from[i]!, tile.to[i]!) }];
  for (const line of spec.lines) {
    const { metric, band, applies } = line;
    const name = nameOf(line, series);
    const buckets = applies?.(series) === false ? undefined : tile.metrics.get(metric);
    if (!buckets) continue;
    const column = (title: string, values: Float64Array): TableColumn => ({
      title,
      cell: (i) => (buckets.count[i] ? format(values[i]!) : "–"),
    });
    if (band) {
      columns.push(column(TEXT.lowest(name), buckets.min));
      columns.push(column(TEXT.mean(name), buckets.mean));
      columns.push(column(TEXT.highest(name), buckets.max));
    } else columns.push(column(name, buckets.mean));
    if (metric === spec.marks) columns.push({ title: TEXT.nonFinite, cell: (i) => formatCount(buckets.nonfinite[i]!) });
  }
  for (const other of others) {
    if (!overlayLine(spec, other)) continue;
    const cell = (i: number) => otherValueAt(spec, other, middle(tile, i));
    columns.push({ title: other.name, cell });
  }
  const progress = progressOf(events, tile);
  if (progress.hasEpochs) columns.push({ title: TEXT.epoch, cell: (i) => formatEpoch(progress.at(i).epoch) });
  if (progress.hasSaved) columns.push({ title: TEXT.checkpoint, cell: (i) => progress.at(i).saved || "–" });
  return columns;
}

const formatEpoch = (epoch: number | null): string => (epoch === null ? "–" : formatCount(epoch));

const stepRange = (from: number, to: number): string =>
  from === to ? formatCount(from) : `${formatCount(from)}–${formatCount(to)}`;
