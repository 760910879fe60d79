/** A run beside the one that a chart shows: over the same steps the one line of it that the chart compares. */
import type { SeriesDetail } from "../../protocol/viewer.ts";
import type { MetricBuckets, Tile } from "../hub/tile.ts";
import { hasValues } from "./lines.ts";
import type { ChartSpec, LineSpec } from "./spec.ts";

export interface Overlay {
  /** From 0 on; it gives the colour. */
  readonly place: number;
  readonly name: string;
  readonly series: SeriesDetail;
  readonly tile: Tile;
}

/** In high contrast, where colours are few, dashes tell them apart, too: pixels of line and gap by place. */
export const OVERLAY_DASHES: readonly (readonly number[])[] = [
  [5, 3],
  [2, 3],
  [12, 3],
  [12, 3, 2, 3],
  [6, 8],
  [12, 3, 2, 3, 2, 3],
];

/** The line of another run that a chart shows: the first of those to compare that the run has. */
export const overlayLine = ({ lines }: ChartSpec, { series, tile }: Overlay): LineSpec | undefined =>
  lines.find((line) => line.compared && line.applies?.(series) !== false && tile.metrics.has(line.metric));

/** Has another run any of what this chart compares, among the steps on screen? */
export const isCompared = (spec: ChartSpec, overlay: Overlay): boolean => hasValues(overlayBuckets(spec, overlay));

/** Is another run's line the very one of the run on screen, which stands in front of it? */
export function isCovered(spec: ChartSpec, tile: Tile, overlay: Overlay): boolean {
  const line = overlayLine(spec, overlay);
  const own = line && tile.metrics.get(line.metric);
  const its = overlayBuckets(spec, overlay);
  return own !== undefined && its !== undefined && isSame(tile.from, overlay.tile.from) && isSame(own.mean, its.mean);
}

const isSame = (one: Float64Array, other: Float64Array): boolean =>
  one.length === other.length && one.every((value, i) => Object.is(value, other[i]));

export function overlayBuckets(spec: ChartSpec, overlay: Overlay): MetricBuckets | undefined {
  const line = overlayLine(spec, overlay);
  return line && overlay.tile.metrics.get(line.metric);
}
