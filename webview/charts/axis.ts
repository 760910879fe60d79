/** Scales: what range a chart shows, and which ticks are worth a label. */
import type { ScaleOptions } from "chart.js";
import { formatCount, formatShare, formatValue } from "../format.ts";
import type { Palette } from "./palette.ts";

export type AxisKind = "logarithmic" | "linear" | "share";
export interface Range {
  readonly min: number;
  readonly max: number;
}

/** All charts keep their plots aligned by giving their value axes the same width, in pixels. */
const VALUE_AXIS_WIDTH = 56;

/** The range of an axis for values between `low` and `high`, with air; null values mean that there are none. */
export function axisRange(kind: AxisKind, low: number | null, high: number | null): Range {
  if (kind === "share") return { min: 0, max: 1 };
  if (low === null || high === null) return kind === "logarithmic" ? { min: 0.1, max: 10 } : { min: 0, max: 1 };
  if (kind === "logarithmic") {
    const air = Math.max((high / low) ** 0.06, 1.1);
    return { min: low / air, max: high * air };
  }
  const air = (high - low || Math.abs(high) || 1) * 0.06;
  return { min: low >= 0 && low - air < 0 ? 0 : low - air, max: high + air };
}

/** 1, 2 and 5 of each decade; powers of ten alone, thinned, where there are many; even steps within one decade. */
export function logarithmicTicks({ min, max }: Range): number[] {
  const [first, last] = [Math.floor(Math.log10(min)), Math.ceil(Math.log10(max))];
  const stride = Math.ceil((last - first) / 8);
  const factors = last - first > 3 ? [1] : [1, 2, 5];
  const ticks: number[] = [];
  for (let power = first; power <= last; power += stride)
    for (const factor of factors) ticks.push(Number(`${factor}e${power}`));
  const inside = ticks.filter((tick) => tick >= min && tick <= max);
  return inside.length >= 3 ? inside : evenTicks({ min, max });
}

/** About five round numbers. */
export function evenTicks({ min, max }: Range): number[] {
  const raw = (max - min) / 5;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((n) => n * power).find((candidate) => candidate >= raw) ?? raw;
  const ticks: number[] = [];
  for (let i = Math.ceil(min / step); i * step <= max; i++) ticks.push(Number((i * step).toPrecision(12)));
  return ticks;
}

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

export function valueScale(kind: AxisKind, palette: Palette): ScaleOptions<"linear" | "logarithmic"> {
  const { colors, font } = palette;
  return {
    type: kind === "logarithmic" ? "logarithmic" : "linear",
    grid: { color: colors.grid, drawTicks: false },
    border: { display: false },
    ticks: {
      color: colors.text,
      font: { family: font, size: 11 },
      padding: 6,
      callback: (value: string | number) =>
        kind === "share" ? formatShare(Number(value)) : formatValue(Number(value)),
    },
    afterFit(scale: { width: number }) {
      scale.width = VALUE_AXIS_WIDTH;
    },
    afterBuildTicks(scale: { min: number; max: number; ticks: { value: number }[] }) {
      const ticks =
        kind === "logarithmic" ? logarithmicTicks(scale) : kind === "share" ? [0, 0.5, 1] : evenTicks(scale);
      scale.ticks = ticks.map((value) => ({ value }));
    },
  } as ScaleOptions<"linear" | "logarithmic">;
}
