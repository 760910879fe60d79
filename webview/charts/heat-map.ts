/** Layers by steps, each cell in the colour of its largest norm, on the step axis that all charts share. */
import { Chart, type ChartOptions, type Plugin, type ScaleOptions } from "chart.js";
import type { LayerTile } from "../hub/layers.ts";
import { stepScale, stepUnder } from "./axis.ts";
import { type ColorScale, colorScale } from "./color-scale.ts";
import { type Crosshair, crosshairPlugin } from "./crosshair.ts";
import type { Cells, LayerRow } from "./layer-rows.ts";
import type { Palette } from "./palette.ts";
import type { Range } from "./range.ts";
import { drawingOn, type Surface } from "./surface.ts";
import type { StepWindow } from "./window.ts";

/** Height of a row in pixels: rows share the usual height of a large chart as far as these allow. */
const USUAL_HEIGHT = 300;
const [LOWEST_ROW, HIGHEST_ROW] = [5, 22];
/** A row that is lower has no room for its name. */
const NAME_HEIGHT = 12;
const NAME_PADDING = 6;
const STEP_AXIS_HEIGHT = 28;
const PADDING = 6;
/** A sample stands for the steps up to the next one, unless that is further away than this many times the usual distance. */
const GAP_FACTOR = 2.5;

export interface HeatScene {
  readonly tile: LayerTile;
  readonly rows: readonly LayerRow[];
  readonly cells: Cells;
  /** Of the colours. */
  readonly range: Range;
  readonly window: StepWindow;
}

export class HeatMapCanvas {
  readonly #chart: Chart<"line">;
  readonly #palette: Palette;
  #scene: HeatScene | null = null;
  #scale: ColorScale | null = null;
  /** The cells as they were drawn last, for redrawing under a moved crosshair. */
  #picture: HTMLCanvasElement | null = null;
  #marked: number | null = null;

  constructor(canvas: Surface, palette: Palette, crosshair: Crosshair) {
    this.#palette = palette;
    const plugin: Plugin<"line"> = {
      id: "heat-map",
      beforeDatasetsDraw: () => this.#drawCells(),
      afterDatasetsDraw: () => this.#drawMark(),
      resize: () => {
        this.#picture = null;
      },
    };
    this.#chart = new Chart(canvas as HTMLCanvasElement, {
      type: "line",
      ...drawingOn(canvas),
      data: { datasets: [] },
      options: {
        animation: false,
        responsive: true,
        maintainAspectRatio: false,
        events: [],
        layout: { padding: { top: PADDING, right: 8 } },
        scales: { x: stepScale(palette), y: this.#rowScale() },
      } as ChartOptions<"line">,
      plugins: [plugin, crosshairPlugin(crosshair, () => palette)],
    });
  }

  draw(scene: HeatScene): void {
    this.#scene = scene;
    this.#scale = colorScale(scene.range, this.#palette.colors.paper);
    this.#picture = null;
    const scales = this.#chart.options.scales!;
    Object.assign(scales.x!, { min: scene.window.from, max: scene.window.to });
    Object.assign(scales.y!, { min: 0, max: scene.rows.length });
    // The number of rows decides on the height, which is not to change a frame later.
    this.#chart.resize();
    this.#chart.update("none");
  }

  /** The colours in use; null before the first drawing. */
  get scale(): ColorScale | null {
    return this.#scale;
  }

  redraw(): void {
    this.#chart.draw();
  }

  /** Puts a frame around a row. */
  mark(row: number | null): void {
    if (row === this.#marked) return;
    this.#marked = row;
    this.#chart.draw();
  }

  /** The step under a client x coordinate. */
  stepAt(clientX: number): number {
    return stepUnder(this.#chart, clientX);
  }

  /** The row under a client y coordinate; null above and below all rows. */
  rowAt(clientY: number): number | null {
    const { canvas, chartArea: area } = this.#chart;
    const rows = this.#scene?.rows.length ?? 0;
    const row = Math.floor(((clientY - canvas.getBoundingClientRect().top - area.top) / area.height) * rows);
    return row >= 0 && row < rows ? row : null;
  }

  /** The row under a point beside the cells, where the names are. */
  nameAt(clientX: number, clientY: number): number | null {
    const { canvas, chartArea: area } = this.#chart;
    return clientX - canvas.getBoundingClientRect().left < area.left ? this.rowAt(clientY) : null;
  }

  dispose(): void {
    this.#chart.destroy();
  }

  /** Names of the rows, as many as have room, from the top down. */
  #rowScale(): ScaleOptions<"linear"> {
    const { colors, font } = this.#palette;
    return {
      type: "linear",
      reverse: true,
      grid: { display: false },
      border: { display: false },
      ticks: {
        color: colors.text,
        font: { family: font, size: 11 },
        autoSkip: false,
        padding: NAME_PADDING,
        callback: (value: string | number) => this.#shortened(this.#scene?.rows[Math.floor(Number(value))]?.name ?? ""),
      },
      afterFit: (scale: { width: number; chart: Chart }) => {
        scale.width = nameWidth(scale.chart);
      },
      afterBuildTicks: (scale: { height: number; ticks: { value: number }[] }) => {
        const rows = this.#scene?.rows.length ?? 0;
        const stride = Math.max(1, Math.ceil((NAME_HEIGHT * rows) / Math.max(1, scale.height)));
        scale.ticks = Array.from({ length: Math.ceil(rows / stride) }, (_, i) => ({ value: i * stride + 0.5 }));
      },
    } as unknown as ScaleOptions<"linear">;
  }

  /** As much of a name as has room: its end says more than its beginning. */
  #shortened(name: string): string {
    if (name === "") return name;
    const { ctx } = this.#chart;
    const most = nameWidth(this.#chart) - 2 * NAME_PADDING;
    ctx.save();
    ctx.font = `11px ${this.#palette.font}`;
    let shown = name;
    for (let cut = 1; cut < name.length && ctx.measureText(shown).width > most; cut++) shown = `…${name.slice(cut)}`;
    ctx.restore();
    return shown;
  }

  #drawCells(): void {
    if (!this.#scene) return;
    const { ctx, chartArea: area, currentDevicePixelRatio: ratio } = this.#chart;
    this.#picture ??= this.#paintCells(ratio);
    ctx.drawImage(this.#picture, area.left, area.top, area.width, area.height);
  }

  #paintCells(ratio: number): HTMLCanvasElement {
    const { rows, cells, tile } = this.#scene!;
    const { chartArea: area, scales } = this.#chart;
    const { colors } = this.#palette;
    const picture = document.createElement("canvas");
    picture.width = Math.max(1, Math.round(area.width * ratio));
    picture.height = Math.max(1, Math.round(area.height * ratio));
    const context = picture.getContext("2d")!;
    // On whole pixels, so that no paper shines through between two cells.
    const xOf = (step: number) => Math.round((scales.x!.getPixelForValue(step) - area.left) * ratio);
    const yOf = (row: number) => Math.round((row / rows.length) * picture.height);
    for (const [bucket, { from, to }] of spans(tile).entries()) {
      const left = xOf(from);
      const width = Math.max(1, xOf(to) - left);
      for (let row = 0; row < rows.length; row++) {
        const cell = row * tile.from.length + bucket;
        const norm = cells.max[cell]!;
        const [top, height] = [yOf(row), yOf(row + 1) - yOf(row)];
        if (norm > 0) context.fillStyle = this.#scale!.of(norm);
        else if (norm === 0) context.fillStyle = colors.grid;
        else if (!cells.nonfinite[cell]) continue;
        if (!Number.isNaN(norm)) context.fillRect(left, top, width, height);
        if (cells.nonfinite[cell]) cross(context, left, top, width, height, colors, ratio);
      }
    }
    return picture;
  }

  #drawMark(): void {
    const rows = this.#scene?.rows.length ?? 0;
    if (this.#marked === null || this.#marked >= rows) return;
    const { ctx, chartArea: area } = this.#chart;
    const height = area.height / rows;
    ctx.save();
    // Two tones, so that the frame shows on every colour.
    for (const [width, style] of [
      [4, this.#palette.colors.paper],
      [1.5, this.#palette.colors.cursor],
    ] as const) {
      ctx.lineWidth = width;
      ctx.strokeStyle = style;
      ctx.strokeRect(area.left, area.top + this.#marked * height, area.width, height);
    }
    ctx.restore();
  }
}

/** Of the column of names, in pixels. */
const nameWidth = ({ width }: Chart): number => Math.min(170, Math.max(80, width * 0.24));

/** Height of the canvas in pixels, for so many rows. */
export function heightFor(rows: number): number {
  const row = Math.min(HIGHEST_ROW, Math.max(LOWEST_ROW, USUAL_HEIGHT / Math.max(1, rows)));
  return Math.round(rows * row) + STEP_AXIS_HEIGHT + PADDING;
}

/** The steps that each bucket stands for. */
export function spans({ from, to }: Pick<LayerTile, "from" | "to">): { from: number; to: number }[] {
  const distances = Array.from(from.subarray(1), (next, i) => next - from[i]!);
  const usual = [...distances].sort((a, b) => a - b)[distances.length >> 1] ?? 1;
  return Array.from(from, (start, i) => {
    const next = from[i + 1];
    const regular = next !== undefined && next - to[i]! <= usual * GAP_FACTOR;
    return { from: start, to: regular ? next : Math.max(to[i]! + 1, start + usual) };
  });
}

/** What is not finite has no place on the scale: its cell is full of the colour of that, with a cross. */
function cross(
  context: CanvasRenderingContext2D,
  left: number,
  top: number,
  width: number,
  height: number,
  { "non-finite": color, paper }: Palette["colors"],
  ratio: number,
): void {
  const wide = Math.max(width, 3 * ratio);
  context.fillStyle = color;
  context.fillRect(left, top, wide, height);
  if (Math.min(wide, height) < 6 * ratio) return;
  const size = Math.min(wide, height) - 2 * ratio;
  const [x, y] = [left + (wide - size) / 2, top + (height - size) / 2];
  context.strokeStyle = paper;
  context.lineWidth = ratio;
  context.beginPath();
  context.moveTo(x, y);
  context.lineTo(x + size, y + size);
  context.moveTo(x + size, y);
  context.lineTo(x, y + size);
  context.stroke();
}
