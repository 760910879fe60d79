/** The distribution of a run's norms as bars over a logarithmic axis, split in two by the threshold that is tried. */
import type { Plugin } from "chart.js";
import { normAxis, stepCountAxis } from "./axis.ts";
import type { Bar } from "./bars.ts";
import { type Palette, translucent } from "./palette.ts";
import { Plot, type Surface } from "./plot.ts";
import { axisRange, type Range } from "./range.ts";

/** A threshold further than this factor from all norms is not on the axis: it would leave no room for them. */
const FARTHEST = 20;
/** So high is a bar at least, in pixels: a lone spike must show beside thousands of ordinary steps. */
const LOWEST_BAR = 3;

export interface Histogram {
  readonly bars: readonly Bar[];
  readonly inForce: number | null;
  readonly suggested: number | null;
  readonly tried: number;
}

export class HistogramCanvas {
  readonly #plot: Plot;
  readonly #palette: Palette;
  #shown: Histogram | null = null;

  constructor(canvas: Surface, palette: Palette, resized: () => void) {
    this.#palette = palette;
    const plugin: Plugin<"line"> = {
      id: "histogram",
      beforeDatasetsDraw: () => this.#drawBars(),
      afterDatasetsDraw: () => this.#drawThresholds(),
    };
    this.#plot = new Plot(canvas, {
      paper: palette.colors.paper,
      x: normAxis(palette),
      y: stepCountAxis(palette),
      plugins: [plugin],
      resized,
    });
  }

  draw(shown: Histogram): void {
    this.#shown = shown;
    const { bars, inForce, suggested } = shown;
    const [low, high] = [bars[0]!.from, bars.at(-1)!.to];
    const near = [inForce ?? low, suggested ?? low].filter((at) => at > low / FARTHEST && at < high * FARTHEST);
    this.#plot.show({
      x: axisRange("logarithmic", Math.min(low, ...near), Math.max(high, ...near)),
      y: { min: 0, max: Math.max(...bars.map(({ count }) => count)) * 1.06 },
    });
  }

  /** The norms that the axis holds. */
  get range(): Range {
    const { min, max } = this.#plot.chart.scales.x!;
    return { min, max };
  }

  /** Pixels from the canvas' left edge. */
  xOf(norm: number): number {
    return this.#plot.chart.scales.x!.getPixelForValue(norm);
  }

  /** The norm under a client x coordinate. */
  normAt(clientX: number): number {
    return this.#plot.valueUnder(clientX);
  }

  /** The plot between the axes, in pixels from the canvas' upper edge. */
  get area(): { top: number; bottom: number } {
    return this.#plot.chart.chartArea;
  }

  dispose(): void {
    this.#plot.chart.destroy();
  }

  #drawBars(): void {
    if (!this.#shown) return;
    const { ctx, chartArea: area, scales } = this.#plot.chart;
    const { colors, highContrast } = this.#palette;
    const { bars, tried } = this.#shown;
    ctx.save();
    for (const { from, to, count, low, high } of bars) {
      const [left, right] = [this.xOf(from), this.xOf(to)];
      // A bar that the threshold goes through has both colours only where there are norms on both sides.
      const split = tried < low ? left : tried >= high ? right : this.xOf(tried);
      const top = Math.min(scales.y!.getPixelForValue(count), area.bottom - LOWEST_BAR);
      const part = (start: number, end: number, color: string) => {
        ctx.fillStyle = color;
        if (end > start) ctx.fillRect(start, top, end - start, area.bottom - top);
      };
      const gap = right - left > 4 ? 0.5 : 0;
      part(left + gap, Math.min(right - gap, split), translucent(colors.before, highContrast ? 0.6 : 0.45));
      part(Math.max(left + gap, split), right - gap, colors.after);
    }
    ctx.restore();
  }

  #drawThresholds(): void {
    if (!this.#shown) return;
    const { inForce, suggested } = this.#shown;
    if (inForce !== null) this.#line(inForce, this.#palette.colors["in-force"], []);
    if (suggested !== null) this.#line(suggested, this.#palette.colors.suggested, [6, 4]);
  }

  #line(at: number, color: string, dash: number[]): void {
    const { ctx, chartArea: area } = this.#plot.chart;
    if (at < this.range.min || at > this.range.max) return;
    ctx.save();
    ctx.strokeStyle = color;
    ctx.lineWidth = 2;
    ctx.setLineDash(dash);
    ctx.beginPath();
    ctx.moveTo(this.xOf(at), area.top);
    ctx.lineTo(this.xOf(at), area.bottom);
    ctx.stroke();
    ctx.restore();
  }
}
