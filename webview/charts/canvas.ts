/** One Chart.js chart, made from a spec and fed with tiles. */
import {
  Chart,
  type ChartDataset,
  Filler,
  LinearScale,
  LineController,
  LineElement,
  LogarithmicScale,
  type Plugin,
  PointElement,
} from "chart.js";
import type { RunEvent } from "../../protocol/telemetry.ts";
import type { SeriesDetail } from "../../protocol/viewer.ts";
import { epochName } from "../format.ts";
import { bucketAt, type Tile } from "../hub/tile.ts";
import { stepScale, stepUnder, valueScale } from "./axis.ts";
import { type Checkpoint, checkpointsOf, checkpointsPlugin } from "./checkpoints.ts";
import { type Crosshair, crosshairPlugin } from "./crosshair.ts";
import { type Epoch, epochsOf, epochsPlugin, LABEL_ROW } from "./epochs.ts";
import { levelPlugin } from "./level.ts";
import { extremes, fillLine, gapsBefore, type Point } from "./lines.ts";
import { type Mark, markersPlugin, marksOf } from "./markers.ts";
import { type Note, notesOf, notesPlugin } from "./notes.ts";
import { type Palette, translucent } from "./palette.ts";
import { lineOf, progressOf } from "./progress.ts";
import { axisRange, type FixedAxis, settleAxis } from "./range.ts";
import type { ChartSpec, LineSpec } from "./spec.ts";
import { drawingOn, lineOptions, type Surface } from "./surface.ts";
import type { StepWindow } from "./window.ts";

Chart.register(LineController, LineElement, PointElement, LinearScale, LogarithmicScale, Filler);

/** What is to be drawn. */
export interface Scene {
  readonly series: SeriesDetail;
  readonly tile: Tile;
  readonly window: StepWindow;
  readonly events: readonly RunEvent[];
  /** Another run over the same steps. */
  readonly other: Overlay | null;
}

export interface Overlay {
  readonly name: string;
  readonly series: SeriesDetail;
  readonly tile: Tile;
}

type Dataset = ChartDataset<"line", Point[]>;

export class ChartCanvas {
  readonly #spec: ChartSpec;
  readonly #chart: Chart<"line", Point[]>;
  readonly #palette: Palette;
  #axis: FixedAxis;
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
    this.#chart = new Chart(canvas as HTMLCanvasElement, {
      type: "line",
      ...drawingOn(canvas),
      data: { datasets: [...spec.lines.flatMap((line) => datasetsOf(line, palette)), overlayDataset(palette)] },
      options: {
        datasets: { line: lineOptions(canvas) },
        animation: false,
        responsive: true,
        maintainAspectRatio: false,
        parsing: false,
        normalized: true,
        events: [],
        layout: { padding: { top: 6, right: 8 } },
        scales: { x: stepScale(palette), y: valueScale(this.#axis, palette) },
      },
      plugins,
    });
  }

  draw({ series, tile, window, events, other }: Scene): void {
    const { axis: wanted, lines, level, marks } = this.#spec;
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
    const gaps = gapsBefore(tile);
    let low: number | null = null;
    let high: number | null = null;
    const include = (from: number, to: number) => {
      low = Math.min(low ?? from, from);
      high = Math.max(high ?? to, to);
    };
    if (this.#level !== null) include(this.#level, this.#level);
    let next = 0;
    for (const line of lines) {
      const buckets = line.applies?.(series) === false ? undefined : tile.metrics.get(line.metric);
      const found = buckets && extremes(buckets, line.band === true, wanted === "logarithmic");
      if (found) include(...found);
      for (const column of columnsOf(line)) {
        const dataset = this.#chart.data.datasets[next++] as Dataset;
        const radii = fillLine(dataset.data, tile, buckets?.[column] ?? null, gaps);
        if (column === "mean") dataset.pointRadius = radii.some((r) => r > 0) ? radii : 0;
      }
    }
    const overlay = this.#chart.data.datasets[next] as Dataset;
    const drawn = other && overlayLine(this.#spec, other);
    const compared = drawn && other.tile.metrics.get(drawn.metric);
    const found = compared && extremes(compared, false, wanted === "logarithmic");
    if (found) include(...found);
    const radii = other ? fillLine(overlay.data, other.tile, compared?.mean ?? null, gapsBefore(other.tile)) : [];
    if (!other) overlay.data.length = 0;
    overlay.pointRadius = radii.some((r) => r > 0) ? radii : 0;
    const axis = settleAxis(this.#spec.axis, low, high);
    const scales = this.#chart.options.scales!;
    if (axis !== this.#axis) scales.y = valueScale(axis, this.#palette);
    this.#axis = axis;
    Object.assign(scales.x!, { min: window.from, max: window.to });
    Object.assign(scales.y!, axisRange(axis, low, high));
    this.#chart.update("none");
  }

  get isLogarithmic(): boolean {
    return this.#axis === "logarithmic";
  }

  /** Draws again what has not changed, for the crosshair. */
  redraw(): void {
    this.#chart.draw();
  }

  /** The step under a client x coordinate. */
  stepAt(clientX: number): number {
    return stepUnder(this.#chart, clientX);
  }

  dispose(): void {
    this.#chart.destroy();
  }
}

/** In a small chart the flags would stand before the lines. */
export const showsCheckpoints = ({ size }: ChartSpec): boolean => size !== "small";

/** The line of another run that a chart shows: the first that it has. */
export const overlayLine = ({ lines }: ChartSpec, { series, tile }: Overlay): LineSpec | undefined =>
  lines.find((line) => line.applies?.(series) !== false && tile.metrics.has(line.metric));

const overlayDataset = ({ colors }: Palette): Dataset => ({
  data: [],
  borderColor: colors.other,
  backgroundColor: colors.other,
  borderWidth: 1.25,
  borderDash: [5, 3],
  pointRadius: 0,
  pointBorderWidth: 0,
  spanGaps: false,
  order: 0,
});

/** The columns that a line draws, one dataset each: its band's edges first. */
const columnsOf = (line: LineSpec): ("min" | "max" | "mean")[] => (line.band ? ["min", "max", "mean"] : ["mean"]);

function datasetsOf(line: LineSpec, { colors, highContrast }: Palette): Dataset[] {
  const color = colors[line.color];
  return columnsOf(line).map((column) => {
    const edge = column !== "mean";
    return {
      data: [],
      borderColor: edge ? translucent(color, highContrast ? 0.8 : 0.45) : color,
      backgroundColor: edge ? translucent(color, highContrast ? 0.4 : 0.22) : color,
      borderWidth: column === "min" ? 0 : edge ? 1 : line.stepped ? 3.5 : 1.5,
      pointRadius: 0,
      pointBorderWidth: 0,
      stepped: line.stepped ? "middle" : false,
      fill: column === "max" ? "-1" : false,
      spanGaps: false,
      // Lower is nearer to the reader. What holds still lies below what moves, and is wider, so that both show.
      order: edge ? 3 : line.stepped ? 2 : 1,
    } as Dataset;
  });
}
