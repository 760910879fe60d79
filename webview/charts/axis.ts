/** Chart.js scales in VS Code's colours. */
import type { Chart, ScaleOptions } from "chart.js";
import { formatCount, formatDigits, formatShare } from "../format.ts";
import type { Palette } from "./palette.ts";
import { digitsOf, evenTicks, type FixedAxis, logarithmicTicks, type Range } from "./range.ts";

/** All charts keep their plots aligned by giving their value axes the same width, in pixels. */
const VALUE_AXIS_WIDTH = 56;
/** Least distance between labelled values, in pixels: above each other, and side by side. */
const TICK_DISTANCE = 22;
const TICK_WIDTH = 44;

export function stepScale(palette: Palette): ScaleOptions<"linear"> {
  const { colors, font } = palette;
  return {
    type: "linear",
    grid: { display: false },
    border: { color: colors.grid },
    ticks: {
      color: colors.text,
      font: { family: font, size: 11 },
      maxRotation: 0,
      autoSkipPadding: 24,
      precision: 0,
      includeBounds: false,
      callback: (value: string | number) => formatCount(Number(value)),
    },
  } as ScaleOptions<"linear">;
}

/** The step under a client x coordinate, of those that are shown. */
export function stepUnder({ canvas, scales }: Chart<"line">, clientX: number): number {
  const x = scales.x!;
  const step = x.getValueForPixel(clientX - canvas.getBoundingClientRect().left) ?? x.min;
  return Math.min(Math.max(step, x.min), x.max);
}

export function valueScale(kind: FixedAxis, palette: Palette): ScaleOptions<"linear" | "logarithmic"> {
  const { colors, font } = palette;
  return {
    type: kind === "logarithmic" ? "logarithmic" : "linear",
    grid: { color: colors.grid, drawTicks: false },
    border: { display: false },
    ticks: {
      color: colors.text,
      font: { family: font, size: 11 },
      padding: 6,
      callback: kind === "share" ? (value: string | number) => formatShare(Number(value)) : label,
    },
    afterFit(scale: { width: number }) {
      scale.width = VALUE_AXIS_WIDTH;
    },
    afterBuildTicks(scale: Range & { height: number; ticks: { value: number }[] }) {
      const ticks =
        kind === "logarithmic"
          ? logarithmicTicks(scale, Math.max(3, scale.height / TICK_DISTANCE))
          : kind === "share"
            ? [0, 0.5, 1]
            : evenTicks(scale);
      scale.ticks = ticks.map((value) => ({ value }));
    },
  } as ScaleOptions<"linear" | "logarithmic">;
}

/** Values that lie close together are told apart by more digits than others have. */
function label(value: string | number, _: number, ticks: readonly { readonly value: number }[]): string {
  return formatDigits(Number(value), digitsOf(ticks.map((tick) => tick.value)));
}

/** Norms from left to right. */
export function normScale({ colors, font }: Palette): ScaleOptions<"logarithmic"> {
  return {
    type: "logarithmic",
    grid: { display: false },
    border: { color: colors.grid },
    ticks: {
      color: colors.text,
      font: { family: font, size: 11 },
      maxRotation: 0,
      autoSkip: false,
      callback: label,
    },
    afterBuildTicks(scale: Range & { width: number; ticks: { value: number }[] }) {
      const ticks = logarithmicTicks(scale, Math.max(3, scale.width / TICK_WIDTH));
      scale.ticks = ticks.map((value) => ({ value }));
    },
  } as ScaleOptions<"logarithmic">;
}

/** How many steps. */
export function stepCountScale(palette: Palette): ScaleOptions<"linear"> {
  return {
    ...valueScale("linear", palette),
    afterBuildTicks(scale: Range & { ticks: { value: number }[] }) {
      scale.ticks = evenTicks(scale)
        .filter(Number.isInteger)
        .map((value) => ({ value }));
    },
  } as ScaleOptions<"linear">;
}
