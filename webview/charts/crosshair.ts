/** The step that the reader points at, and the range being dragged out: one of each, shared by all charts. */
import type { Chart, ChartArea, Plugin } from "chart.js";
import type { Palette } from "./palette.ts";
import type { StepWindow } from "./window.ts";

export class Crosshair {
  #step: number | null = null;
  #selection: StepWindow | null = null;
  readonly #listeners: (() => void)[] = [];

  get step(): number | null {
    return this.#step;
  }

  get selection(): StepWindow | null {
    return this.#selection;
  }

  move(step: number | null): void {
    if (step === this.#step) return;
    this.#step = step;
    this.#announce();
  }

  select(selection: StepWindow | null): void {
    this.#selection = selection;
    this.#announce();
  }

  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  #announce(): void {
    for (const listener of this.#listeners) listener();
  }
}

/** Pixels between the line and its text, and from the step axis to it, over the marks that stand there. */
const TEXT_GAP = 5;
const TEXT_HEIGHT = 24;

/** Draws the crosshair and the selection over a chart. `textAt`: what is to be said of a step. */
export function crosshairPlugin(
  crosshair: Crosshair,
  palette: () => Palette,
  textAt: (step: number) => string = () => "",
): Plugin<"line"> {
  return {
    id: "crosshair",
    afterDraw(chart: Chart) {
      const { ctx, chartArea: area, scales } = chart;
      const x = scales.x;
      if (!x) return;
      const { step, selection } = crosshair;
      ctx.save();
      ctx.strokeStyle = palette().colors.cursor;
      ctx.fillStyle = palette().colors.cursor;
      if (selection) {
        const [left, right] = [x.getPixelForValue(selection.from), x.getPixelForValue(selection.to)];
        ctx.globalAlpha = 0.15;
        ctx.fillRect(left, area.top, right - left, area.height);
        ctx.globalAlpha = 1;
        ctx.strokeRect(left, area.top, right - left, area.height);
      } else if (step !== null && step >= x.min && step <= x.max) {
        const at = Math.round(x.getPixelForValue(step)) + 0.5;
        ctx.setLineDash([2, 2]);
        ctx.beginPath();
        ctx.moveTo(at, area.top);
        ctx.lineTo(at, area.bottom);
        ctx.stroke();
        drawText(ctx, textAt(step), at, area, palette());
      }
      ctx.restore();
    },
  };
}

/** Beside the line, where there is room; with a rim, so that it can be read over the data. */
function drawText(ctx: CanvasRenderingContext2D, text: string, at: number, area: ChartArea, palette: Palette): void {
  if (text === "") return;
  const { colors, font } = palette;
  ctx.font = `11px ${font}`;
  const isLeft = at + TEXT_GAP + ctx.measureText(text).width > area.right;
  ctx.setLineDash([]);
  ctx.textAlign = isLeft ? "right" : "left";
  ctx.textBaseline = "bottom";
  ctx.strokeStyle = colors.paper;
  ctx.lineWidth = 4;
  ctx.lineJoin = "round";
  const [x, y] = [at + (isLeft ? -TEXT_GAP : TEXT_GAP), area.bottom - TEXT_HEIGHT];
  ctx.strokeText(text, x, y);
  ctx.fillText(text, x, y);
}
