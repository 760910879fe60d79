/** The lines of a chart by name, with their values at the crosshair or, without one, the latest. */
import { fromJsonNumber } from "../../protocol/shape.ts";
import type { SeriesDetail } from "../../protocol/viewer.ts";
import { element, patchList, setAttribute, setHidden, setText } from "../dom.ts";
import { formatShare, formatThreshold, formatValue } from "../format.ts";
import { bucketAt, type Tile } from "../hub/tile.ts";
import { t } from "../l10n.ts";
import type { Scene } from "./canvas.ts";
import { isCovered, type Overlay, overlayLine } from "./overlay.ts";
import { OVERLAY_COLORS, type PaletteColor } from "./palette.ts";
import { type ChartSpec, type LineSpec, nameOf } from "./spec.ts";
import { isSwitchedOff } from "./switched-off.ts";

/** What a series no longer has once its clipping was switched off. */
const ENDED_BY_OFF: ReadonlySet<string> = new Set(["threshold", "clipped"]);
const OFF = t("off");
/** Said of another run's line that is covered: with its value, or in a picture with its name. */
export const coveredText = (what: string): string => t("{0} (equal, so hidden)", what);

export interface LegendEntry {
  readonly name: string;
  readonly color: PaletteColor;
  readonly line: "solid" | "band" | "dashed" | "other";
  readonly value: string;
  /** Of another run: its place. */
  readonly place?: number;
  /** Of another run: nothing is seen of its line, since the one on screen has the same. */
  readonly covered?: boolean;
}

export const createLegend = (): HTMLUListElement => element("ul", { class: "legend" });

/** `step` is the one under the crosshair, or null. */
export function fillLegend(list: HTMLUListElement, spec: ChartSpec, scene: Scene, step: number | null): void {
  const entries = legendOf(spec, scene, step);
  setHidden(list, entries.length === 0);
  patchList(list, entries, createEntry, (item, entry) => {
    const [swatch, name, value] = item.children as unknown as [HTMLElement, HTMLElement, HTMLElement];
    setAttribute(swatch, "data-color", entry.color);
    setAttribute(swatch, "data-line", entry.line);
    // A long name is cut, unless it is the chart's own.
    setAttribute(name, "title", entry.place === undefined ? null : entry.name);
    setText(name, entry.name);
    setText(value, entry.value);
  });
}

/** The entries of a chart's legend; `step` as above. */
export function legendOf(spec: ChartSpec, { series, tile, events, others }: Scene, step: number | null): LegendEntry[] {
  const entries: LegendEntry[] = [];
  const isOff = isSwitchedOff(events, series.id);
  for (const line of spec.lines) {
    if (
      line.applies?.(series) === false ||
      (series.latest[line.metric] === undefined && !tile.metrics.has(line.metric))
    )
      continue;
    const newest = isOff && ENDED_BY_OFF.has(line.metric) ? OFF : latest(spec, line, series);
    const value = step === null ? newest : valueAt(spec, line, tile, bucketAt(tile, step));
    entries.push({ name: nameOf(line, series), color: line.color, line: line.band ? "band" : "solid", value });
  }
  const level = spec.level?.value(series) ?? null;
  if (spec.level && level !== null)
    entries.push({ name: spec.level.name, color: spec.level.color, line: "dashed", value: formatThreshold(level) });
  for (const other of others) {
    const line = overlayLine(spec, other);
    if (!line) continue;
    const { name, place } = other;
    const its = step === null ? latest(spec, line, other.series) : otherValueAt(spec, other, step);
    const covered = isCovered(spec, tile, other);
    const value = covered ? coveredText(its) : its;
    entries.push({ name, color: OVERLAY_COLORS[place]!, line: "other", value, place, covered });
  }
  return entries;
}

const createEntry = () =>
  element(
    "li",
    {},
    element("span", { class: "swatch", "aria-hidden": "true" }),
    element("span", { class: "name" }),
    element("span", { class: "value" }),
  );

/** A metric's value in one bucket, with the range where the bucket has more than one value. */
export function valueAt(spec: ChartSpec, line: LineSpec, tile: Tile, bucket: number): string {
  const buckets = tile.metrics.get(line.metric);
  const format = spec.axis === "share" ? formatShare : formatValue;
  if (!buckets?.count[bucket]) return buckets?.nonfinite[bucket] ? "NaN / ∞" : "–";
  const [low, mean, high] = [buckets.min[bucket]!, buckets.mean[bucket]!, buckets.max[bucket]!];
  return line.band && low !== high ? `${format(mean)} (${format(low)}–${format(high)})` : format(mean);
}

/** What another run had at a step; nothing where it had not come to it. */
export function otherValueAt(spec: ChartSpec, other: Overlay, step: number): string {
  const { tile } = other;
  const line = overlayLine(spec, other);
  const bucket = bucketAt(tile, step);
  if (!line || bucket < 0 || step < tile.from[0]! || step > tile.to.at(-1)!) return "–";
  return valueAt(spec, { ...line, band: false }, tile, bucket);
}

function latest(spec: ChartSpec, line: LineSpec, series: SeriesDetail): string {
  if (spec.axis === "share") return series.clipRate === null ? "–" : formatShare(series.clipRate);
  const value = series.latest[line.metric];
  return value === undefined ? "–" : formatValue(fromJsonNumber(value));
}
