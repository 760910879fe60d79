/** The step that the reader points at, and the range being dragged out: one of each, shared by all charts. */
import type { Chart, Plugin } from "chart.js";
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

/** Draws the crosshair and the selection over a chart. */
export function crosshairPlugin(crosshair: Crosshair, palette: () => Palette): Plugin<"line"> {
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
      }
      ctx.restore();
    },
  };
}
