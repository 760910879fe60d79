/** What one chart shows. Each chart is one file that exports one of these; {@link ./panel.ts} draws it. */
import type { Metric, SeriesDetail } from "../../protocol/viewer.ts";
import type { PaletteColor } from "./palette.ts";
import type { AxisKind } from "./range.ts";

export interface LineSpec {
  readonly metric: Metric;
  readonly name: string | ((series: SeriesDetail) => string);
  readonly color: PaletteColor;
  /** Draw the range between each bucket's lowest and highest value, too. */
  readonly band?: boolean;
  /** The value holds until it changes. */
  readonly stepped?: boolean;
  /** Of a run beside the one on screen this line is shown, if no earlier one is. */
  readonly compared?: boolean;
  /** Leaves the line out where it would mislead. */
  readonly applies?: (series: SeriesDetail) => boolean;
}

/** A horizontal line that is not data. */
export interface LevelSpec {
  readonly name: string;
  readonly color: PaletteColor;
  value(series: SeriesDetail): number | null;
}

export interface ChartSpec {
  readonly id: string;
  readonly title: string;
  readonly axis: AxisKind;
  readonly size: "large" | "medium" | "small";
  readonly lines: readonly LineSpec[];
  readonly level?: LevelSpec;
  /** The metric whose non-finite values are marked; the gradient norm brings spikes and skipped steps along. */
  readonly marks?: "norm_pre" | "loss";
  /** At most about this many buckets, for a rate that needs many steps to mean anything. */
  readonly coarse?: number;
  /** What to say when the run has none of these metrics; null leaves the chart out. */
  readonly absent: string | ((series: SeriesDetail) => string) | null;
}

export const nameOf = ({ name }: LineSpec, series: SeriesDetail): string =>
  typeof name === "string" ? name : name(series);
