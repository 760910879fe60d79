/** Layers by steps, each cell in the colour of its largest norm, on the step axis that all charts share. */
import type { Chart, ScaleOptions } from "chart.js";
import type { LayerTile } from "../hub/layers.ts";
import { AXIS_HEIGHT, axis, stepAxis } from "./axis.ts";
import { type ColorScale, colorScale } from "./color-scale.ts";
import { type Crosshair, crosshairPlugin } from "./crosshair.ts";
import type { Cells, LayerRow } from "./layer-rows.ts";
import type { Palette } from "./palette.ts";
import { PADDING, Plot, type Surface } from "./plot.ts";
import type { Range } from "./range.ts";
import { shortNames } from "./short-names.ts";
import { type StepWindow, stepRange } from "./window.ts";

/** Height of a row in pixels: rows share the usual height of a large chart as far as these allow. */
const USUAL_HEIGHT = 300;
const [LOWEST_ROW, HIGHEST_ROW] = [5, 22];
/** A row that is lower has no room for its name. */
const NAME_HEIGHT = 12;
const NAME_PADDING = 6;
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

/** The cells as pixels, for as long as they are the same. */
interface Picture {
  readonly cells: Cells;
  readonly scale: ColorScale;
  readonly canvas: HTMLCanvasElement;
  /** The steps from its left to its right edge. */
  readonly steps: Range;
}

export class HeatMapCanvas {
  readonly #plot: Plot;
  readonly #palette: Palette;
  #scene: HeatScene | null = null;
  #scale: ColorScale | null = null;
  #picture: Picture | null = null;
  #marked: number | null = null;
  /** As they are shown, in this many pixels. */
  #names: { readonly of: HeatScene["rows"]; readonly room: number; readonly shown: readonly string[] } | null = null;

  constructor(canvas: Surface, palette: Palette, crosshair: Crosshair) {
    this.#palette = palette;
    this.#plot = new Plot(canvas, {
      paper: palette.colors.paper,
      x: stepAxis(palette),
      y: this.#rowAxis(),
      plugins: [
        {
          id: "heat-map",
          beforeDatasetsDraw: () => this.#drawCells(),
          afterDatasetsDraw: () => this.#drawMark(),
        },
        crosshairPlugin(crosshair, () => palette),
      ],
    });
  }

  draw(scene: HeatScene): void {
    const old = this.#scene;
    this.#scene = scene;
    if (this.#scale === null || this.#scale.range.min !== scene.range.min || this.#scale.range.max !== scene.range.max)
      this.#scale = colorScale(scene.range, this.#palette.colors.paper);
    // The number of rows decides on the height, which is not to change a frame later.
    if (old?.rows.length !== scene.rows.length) this.#plot.chart.resize();
    const ranges = { x: stepRange(scene.window), y: { min: 0, max: scene.rows.length } };
    this.#plot.show(ranges, old?.rows === scene.rows ? undefined : this.#rowAxis());
  }

  /** The colours in use; null before the first drawing. */
  get scale(): ColorScale | null {
    return this.#scale;
  }

  redraw(): void {
    this.#plot.chart.draw();
  }

  /** Puts a frame around a row. */
  mark(row: number | null): void {
    if (row === this.#marked) return;
    this.#marked = row;
    this.#plot.chart.draw();
  }

  /** The step under a client x coordinate. */
  stepAt(clientX: number): number {
    return this.#plot.stepUnder(clientX);
  }

  /** The row under a client y coordinate; null above and below all rows. */
  rowAt(clientY: number): number | null {
    const rows = this.#scene?.rows.length ?? 0;
    const row = Math.floor(this.#plot.chart.scales.y!.getValueForPixel(clientY - this.#box.top)!);
    return row >= 0 && row < rows ? row : null;
  }

  /** The row under a point beside the cells, where the names are. */
  nameAt(clientX: number, clientY: number): number | null {
    return clientX - this.#box.left < this.#plot.chart.chartArea.left ? this.rowAt(clientY) : null;
  }

  dispose(): void {
    this.#plot.chart.destroy();
  }

  get #box(): DOMRect {
    return this.#plot.chart.canvas.getBoundingClientRect();
  }

  /** Names of the rows, as many as have room, from the top down. */
  #rowAxis(): ScaleOptions<"linear"> {
    return axis(this.#palette, {
      isLogarithmic: false,
      hasGrid: false,
      isReverse: true,
      room: { width: nameWidth },
      ticks: ({ max: rows, height }) => {
        const stride = Math.max(1, Math.ceil((NAME_HEIGHT * rows) / Math.max(1, height)));
        return Array.from({ length: Math.ceil(rows / stride) }, (_, i) => i * stride + 0.5);
      },
      label: (value) => this.#shownNames[Math.floor(value)] ?? "",
    });
  }

  /** As much of the names of the rows as has room, found once. */
  get #shownNames(): readonly string[] {
    // A chart asks for its labels before it has anything to show, or is there.
    if (this.#scene === null) return [];
    const { chart } = this.#plot;
    const { rows } = this.#scene;
    const room = nameWidth(chart) - 2 * NAME_PADDING;
    if (this.#names?.of !== rows || this.#names.room !== room) {
      const names = rows.map(({ name }) => name);
      const shown = shortNames(names, (text) => chart.ctx.measureText(text).width <= room);
      this.#names = { of: rows, room, shown };
    }
    return this.#names.shown;
  }

  /**
   * While the reader moves about, the cells of the last tile are moved and stretched as a picture; those of the next are painted
   * anew.
   */
  #drawCells(): void {
    if (!this.#scene) return;
    const { ctx, chartArea: area, scales } = this.#plot.chart;
    const x = scales.x!;
    const { steps, canvas } = this.#pictureOf(this.#scene);
    const [left, right] = [x.getPixelForValue(steps.min), x.getPixelForValue(steps.max)];
    ctx.save();
    if (steps.min !== x.min || steps.max !== x.max) {
      ctx.beginPath();
      ctx.rect(area.left, area.top, area.width, area.height);
      ctx.clip();
      ctx.imageSmoothingEnabled = false;
    }
    ctx.drawImage(canvas, left, area.top, right - left, area.height);
    ctx.restore();
  }

  #pictureOf({ cells, window }: HeatScene): Picture {
    const { currentDevicePixelRatio: ratio, chartArea: area } = this.#plot.chart;
    const [width, height] = [area.width, area.height].map((length) => Math.max(1, Math.round(length * ratio))) as [
      number,
      number,
    ];
    const old = this.#picture;
    if (old?.cells === cells && old.scale === this.#scale && old.canvas.width === width && old.canvas.height === height)
      return old;
    const canvas = this.#paintCells(width, height, ratio);
    this.#picture = { cells, scale: this.#scale!, canvas, steps: stepRange(window) };
    return this.#picture;
  }

  #paintCells(width: number, height: number, ratio: number): HTMLCanvasElement {
    const { rows, cells, tile } = this.#scene!;
    const { chartArea: area, scales } = this.#plot.chart;
    const { colors } = this.#palette;
    const picture = document.createElement("canvas");
    Object.assign(picture, { width, height });
    const context = picture.getContext("2d")!;
    // On whole pixels, so that no paper shines through between two cells.
    const xOf = (step: number) => Math.round((scales.x!.getPixelForValue(step) - area.left) * ratio);
    const yOf = (row: number) => Math.round((row / rows.length) * height);
    for (const [bucket, { from, to }] of spans(tile).entries()) {
      const left = xOf(from);
      const wide = Math.max(1, xOf(to) - left);
      for (let row = 0; row < rows.length; row++) {
        const cell = row * tile.from.length + bucket;
        const norm = cells.max[cell]!;
        const [top, high] = [yOf(row), yOf(row + 1) - yOf(row)];
        if (norm > 0) context.fillStyle = this.#scale!.of(norm);
        else if (norm === 0) context.fillStyle = colors.zero;
        else if (!cells.nonfinite[cell]) continue;
        if (!Number.isNaN(norm)) context.fillRect(left, top, wide, high);
        if (cells.nonfinite[cell]) cross(context, left, top, wide, high, colors, ratio);
      }
    }
    return picture;
  }

  #drawMark(): void {
    const rows = this.#scene?.rows.length ?? 0;
    if (this.#marked === null || this.#marked >= rows) return;
    const { ctx, chartArea: area } = this.#plot.chart;
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
  return Math.round(rows * row) + AXIS_HEIGHT + PADDING.top;
}

/** The steps that each bucket stands for: a lone one for its own, half of a step to either side. */
export function spans({ from, to }: Pick<LayerTile, "from" | "to">): { from: number; to: number }[] {
  if (from.length === 1) return [{ from: from[0]! - 0.5, to: to[0]! + 0.5 }];
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
