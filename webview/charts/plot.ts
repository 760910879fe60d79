/** A Chart.js chart without data of its own: Chart.js sizes it and draws its axes, and plugins draw what is between them. */
import { BasicPlatform, Chart, type ChartOptions, type Plugin, type ScaleOptions } from "chart.js";
import { LinearAxis, LogarithmicAxis, showRange } from "./axis.ts";
import type { Range } from "./range.ts";
import { SvgSurface } from "./svg-context.ts";

Chart.register(LinearAxis, LogarithmicAxis);

/** What a plot is drawn on: the canvas on screen, or a file of lines and text. */
export type Surface = HTMLCanvasElement | SvgSurface;

/** Pixels above a plot, and to its right. */
export const PADDING = { top: 6, right: 8 };

interface PlotOptions {
  /** The opaque colour that all is drawn on. */
  readonly paper: string;
  readonly x: ScaleOptions<"linear">;
  readonly y: ScaleOptions<"linear">;
  readonly plugins: Plugin<"line">[];
  /** After it got another size. */
  readonly resized?: () => void;
}

/** Chart.js clears a canvas before it draws, and an opaque one is black then. */
const paperPlugin = (paper: string): Plugin<"line"> => ({
  id: "paper",
  beforeDraw({ ctx, width, height }) {
    ctx.fillStyle = paper;
    ctx.fillRect(0, 0, width, height);
  },
});

export class Plot {
  readonly chart: Chart<"line">;

  constructor(canvas: Surface, { paper, x, y, plugins, resized }: PlotOptions) {
    const isPicture = canvas instanceof SvgSurface;
    // An opaque canvas is copied to the screen; what one shines through is painted below it first, at each frame.
    if (!isPicture) canvas.getContext("2d", { alpha: false });
    this.chart = new Chart(canvas as HTMLCanvasElement, {
      type: "line",
      // What is no element is not listened to, nor resized.
      ...(isPicture ? { platform: BasicPlatform } : {}),
      data: { datasets: [] },
      options: {
        animation: false,
        responsive: true,
        maintainAspectRatio: false,
        events: [],
        layout: { padding: PADDING },
        ...(resized ? { onResize: () => requestAnimationFrame(resized) } : {}),
        scales: { x, y },
      } as ChartOptions<"line">,
      plugins: isPicture ? plugins : [paperPlugin(paper), ...plugins],
    });
  }

  /** Draws these ranges; with `y`, on a value axis of that kind from now on. */
  show(ranges: { readonly x: Range; readonly y: Range }, y?: ScaleOptions<"linear">): void {
    const { chart } = this;
    const options = chart.options.scales!;
    // A chart whose canvas is not in the page yet has no axes.
    const isOther = y !== undefined || chart.scales.x === undefined;
    if (y) options.y = y;
    for (const axis of ["x", "y"] as const) {
      // What a later update, of another size, starts from.
      Object.assign(options[axis]!, { min: ranges[axis].min, max: ranges[axis].max });
      if (!isOther) showRange(chart.scales[axis]!, ranges[axis]);
    }
    if (isOther) chart.update("none");
    else chart.draw();
  }

  /** The value of the axis below under a client x coordinate. */
  valueUnder(clientX: number): number {
    const { canvas, scales } = this.chart;
    return scales.x!.getValueForPixel(clientX - canvas.getBoundingClientRect().left) ?? Number.NaN;
  }

  /** The step under a client x coordinate, of those that are shown. */
  stepUnder(clientX: number): number {
    const { min, max } = this.chart.scales.x!;
    return Math.min(Math.max(this.valueUnder(clientX), Math.ceil(min)), Math.floor(max));
  }
}
