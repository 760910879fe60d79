/** One Chart.js chart, made from a spec and fed with tiles. */
import type { Plugin } from "chart.js";
import type { RunEvent } from "../../protocol/telemetry.ts";
import type { SeriesDetail } from "../../protocol/viewer.ts";
import { epochName } from "../format.ts";
import { bucketAt, type MetricBuckets, type Tile } from "../hub/tile.ts";
import { stepAxis, valueAxis } from "./axis.ts";
import { type Checkpoint, checkpointsOf, checkpointsPlugin } from "./checkpoints.ts";
import { type Crosshair, crosshairPlugin } from "./crosshair.ts";
import { type Epoch, epochsOf, epochsPlugin, LABEL_ROW } from "./epochs.ts";
import { levelPlugin } from "./level.ts";
import { extremes, gapsBefore } from "./lines.ts";
import { type Mark, markersPlugin, marksOf } from "./markers.ts";
import { type Note, notesOf, notesPlugin } from "./notes.ts";
import { OVERLAY_DASHES, type Overlay, overlayBuckets } from "./overlay.ts";
import { OVERLAY_COLORS, type Palette, translucent } from "./palette.ts";
import { Plot, type Surface } from "./plot.ts";
import { lineOf, progressOf } from "./progress.ts";
import { axisRange, type FixedAxis, settleAxis } from "./range.ts";
import type { ChartSpec, LineSpec } from "./spec.ts";
import { DOT, fillBand, type Stroke, strokeLine } from "./strokes.ts";
import { type StepWindow, stepRange } from "./window.ts";

/** What is to be drawn. */
export interface Scene {
  readonly series: SeriesDetail;
  readonly tile: Tile;
  readonly window: StepWindow;
  readonly events: readonly RunEvent[];
  /** Other runs over the same steps. */
  readonly others: readonly Overlay[];
}

interface Line {
  readonly spec: LineSpec;
  readonly buckets: MetricBuckets;
}

export class ChartCanvas {
  readonly #spec: ChartSpec;
  readonly #plot: Plot;
  readonly #palette: Palette;
  #axis: FixedAxis;
  #scene: Scene | null = null;
  #lines: readonly Line[] = [];
  #marks: readonly Mark[] = [];
  #notes: readonly Note[] = [];
  #epochs: readonly Epoch[] = [];
  #checkpoints: readonly Checkpoint[] = [];
  #progressAt: (step: number) => string = () => "";
  #level: number | null = null;

  constructor(canvas: Surface, spec: ChartSpec, palette: Palette, crosshair: Crosshair) {
    this.#spec = spec;
    this.#palette = palette;
    this.#axis = settleAxis(spec.axis, null, null);
    const plugins: Plugin<"line">[] = [
      crosshairPlugin(
        crosshair,
        () => palette,
        (step) => this.#progressAt(step),
      ),
      epochsPlugin(
        () => this.#epochs,
        () => palette,
        epochName,
      ),
      notesPlugin(
        () => this.#notes,
        () => palette,
        () => (this.#epochs.length > 0 ? LABEL_ROW : 0),
      ),
      // Above the notes: what was measured is in front of what was said.
      { id: "lines", beforeDatasetsDraw: () => this.#drawLines() },
    ];
    if (showsCheckpoints(spec))
      plugins.push(
        checkpointsPlugin(
          () => this.#checkpoints,
          () => palette,
        ),
      );
    if (spec.level)
      plugins.push(
        levelPlugin(
          spec.level,
          () => this.#level,
          () => palette,
        ),
      );
    if (spec.marks)
      plugins.push(
        markersPlugin(
          () => this.#marks,
          () => palette,
        ),
      );
    this.#plot = new Plot(canvas, {
      paper: palette.colors.paper,
      x: stepAxis(palette),
      y: valueAxis(this.#axis, palette),
      plugins,
    });
  }

  draw(scene: Scene): void {
    const { series, tile, window, events, others } = scene;
    const { axis: wanted, lines, level, marks } = this.#spec;
    this.#scene = scene;
    this.#level = level?.value(series) ?? null;
    this.#marks = marks ? marksOf(tile, marks, events) : [];
    this.#notes = notesOf(events);
    this.#epochs = epochsOf(events);
    this.#checkpoints = checkpointsOf(events);
    const progress = progressOf(events, tile);
    this.#progressAt = (step) => {
      const bucket = marks ? bucketAt(tile, step) : -1;
      return bucket < 0 ? "" : lineOf(progress.at(bucket, step));
    };
    let low: number | null = null;
    let high: number | null = null;
    const include = (from: number, to: number) => {
      low = Math.min(low ?? from, from);
      high = Math.max(high ?? to, to);
    };
    if (this.#level !== null) include(this.#level, this.#level);
    this.#lines = lines.flatMap((spec) => {
      const buckets = spec.applies?.(series) === false ? undefined : tile.metrics.get(spec.metric);
      return buckets ? [{ spec, buckets }] : [];
    });
    for (const { spec, buckets } of this.#lines) {
      const found = extremes(buckets, spec.band === true, wanted === "logarithmic");
      if (found) include(...found);
    }
    for (const other of others) {
      const compared = overlayBuckets(this.#spec, other);
      const found = compared && extremes(compared, false, wanted === "logarithmic");
      if (found) include(...found);
    }
    const axis = settleAxis(wanted, low, high);
    const ranges = { x: stepRange(window), y: axisRange(axis, low, high) };
    this.#plot.show(ranges, axis === this.#axis ? undefined : valueAxis(axis, this.#palette));
    this.#axis = axis;
  }

  get isLogarithmic(): boolean {
    return this.#axis === "logarithmic";
  }

  /** Draws again what has not changed, for the crosshair. */
  redraw(): void {
    this.#plot.chart.draw();
  }

  /** The step under a client x coordinate. */
  stepAt(clientX: number): number {
    return this.#plot.stepUnder(clientX);
  }

  dispose(): void {
    this.#plot.chart.destroy();
  }
  #drawLines(): void {
    if (this.#scene === null) return;
    const { chart } = this.#plot;
    const { tile, others } = this.#scene;
    const { ctx, chartArea } = chart;
    const { colors, highContrast } = this.#palette;
    ctx.save();
    ctx.beginPath();
    // A dot at the first or last step is whole.
    ctx.rect(chartArea.left - DOT, 0, chartArea.width + 2 * DOT, chartArea.bottom);
    ctx.clip();
    const gaps = gapsBefore(tile);
    for (const { spec, buckets } of this.#lines.filter(({ spec: { band } }) => band)) {
      const color = colors[spec.color];
      const area = translucent(color, highContrast ? 0.4 : 0.22);
      fillBand(chart, tile, buckets, gaps, { area, edge: translucent(color, highContrast ? 0.8 : 0.45) });
    }
    // The run that is looked at stands in front of those that it is compared with.
    for (const other of others.toReversed()) {
      const compared = overlayBuckets(this.#spec, other);
      if (!compared) continue;
      const stroke: Stroke = { color: colors[OVERLAY_COLORS[other.place]!], width: 1.25 };
      const dash = highContrast ? { dash: OVERLAY_DASHES[other.place]! } : {};
      strokeLine(chart, other.tile, compared.mean, gapsBefore(other.tile), { ...stroke, ...dash });
    }
    // What holds still lies below what moves, and is wider, so that both show; a chart's first line is nearest to the reader.
    const ordered = this.#lines
      .toReversed()
      .sort((a, b) => Number(b.spec.stepped ?? false) - Number(a.spec.stepped ?? false));
    for (const { spec, buckets } of ordered) {
      const { stepped = false } = spec;
      const stroke: Stroke = { color: colors[spec.color], width: stepped ? 3.5 : 1.5, stepped };
      strokeLine(chart, tile, buckets.mean, gaps, stroke);
    }
    ctx.restore();
  }
}

/** In a small chart the flags would stand before the lines. */
export const showsCheckpoints = ({ size }: ChartSpec): boolean => size !== "small";
