/**
 * The axes of all charts: Chart.js scales that keep a fixed room and are drawn in one go. While the reader moves about, such a
 * scale shows another range by itself; what Chart.js does with an axis at each update (measuring labels, resolving the options
 * of every tick, laying out the chart) was three fourths of the page's script.
 */
import { type Chart, LinearScale, LogarithmicScale, type Scale, type ScaleOptions } from "chart.js";
import { formatCount, formatDigits, formatShare } from "../format.ts";
import type { Palette } from "./palette.ts";
import { digitsOf, evenTicks, type FixedAxis, logarithmicTicks, type Range } from "./range.ts";

/** All charts keep their plots aligned by giving their value axes the same width, in pixels. */
const VALUE_AXIS_WIDTH = 56;
/** Of an axis below a plot, in pixels. */
export const AXIS_HEIGHT = 28;
const FONT_SIZE = 11;
/** Least distance between labelled values, in pixels: above each other, and side by side. */
const TICK_DISTANCE = 22;
const TICK_WIDTH = 44;
const LABEL_GAP = 24;
/** From a plot to the middle of the labels below it, and to the end of those beside it. */
const BELOW = 17;
const BESIDE = 6;

type ScaleType = ScaleOptions<"linear">;

/** What {@link axis} has put into the options of a scale, for its drawing. */
interface Looks {
  readonly grid: { readonly display: boolean; readonly color: string };
  readonly ticks: { readonly color: string; readonly font: { readonly family: string } };
}
const looksOf = (scale: Scale): Looks => scale.options as unknown as Looks;

/** A scale from values to pixels on equal distances. */
export class LinearAxis extends LinearScale {
  static override id = "linear-axis";
  override beforeUpdate = () => setFont(this);
  override buildTicks = () => [];
  override calculateLabelRotation = () => {};
  override fit = () => takeRoom(this);
  override draw = () => drawAxis(this);
}

/** A scale on which equal factors are equally far apart. */
export class LogarithmicAxis extends LogarithmicScale {
  static override id = "logarithmic-axis";
  override beforeUpdate = () => setFont(this);
  override buildTicks = () => [];
  override calculateLabelRotation = () => {};
  override fit = () => takeRoom(this);
  override draw = () => drawAxis(this);
}

/** Shows another range in the room that the axis has. */
export function showRange(scale: Scale, { min, max }: Range): void {
  if (scale.min === min && scale.max === max) return;
  Object.assign(scale, { min, max, ticks: [] });
  scale.afterBuildTicks();
  scale.generateTickLabels(scale.ticks);
  scale.configure();
}

/** All that is left, along the axis; how much it takes across comes from the `afterFit` of its options. */
function takeRoom(scale: Scale): void {
  Object.assign(scale, { width: scale.maxWidth, height: scale.maxHeight });
}

/**
 * Only with each layout, since to set a font has the browser bring the page's styles up to date; and before the labels are
 * made, since a canvas of another size has forgotten its font, and a label may be cut to the room that it has.
 */
function setFont(scale: Scale): void {
  scale.ctx.font = `${FONT_SIZE}px ${looksOf(scale).ticks.font.family}`;
}

function drawAxis(scale: Scale): void {
  const { ctx, chart, ticks } = scale;
  const { chartArea: area } = chart;
  const { grid, ticks: labels } = looksOf(scale);
  ctx.save();
  ctx.fillStyle = labels.color;
  ctx.strokeStyle = grid.color;
  ctx.lineWidth = 1;
  ctx.textBaseline = "middle";
  ctx.beginPath();
  if (scale.isHorizontal()) {
    ctx.textAlign = "center";
    const edge = Math.round(area.bottom) + 0.5;
    ctx.moveTo(area.left, edge);
    ctx.lineTo(area.right, edge);
    for (const { value, label } of ticks) {
      const text = label as string;
      // The last label stays within the chart.
      const rightmost = chart.width - ctx.measureText(text).width / 2;
      ctx.fillText(text, Math.min(scale.getPixelForValue(value), rightmost), area.bottom + BELOW);
    }
  } else {
    ctx.textAlign = "right";
    for (const { value, label } of ticks) {
      const at = scale.getPixelForValue(value);
      ctx.fillText(label as string, area.left - BESIDE, at);
      if (!grid.display) continue;
      const line = Math.round(at) + 0.5;
      ctx.moveTo(area.left, line);
      ctx.lineTo(area.right, line);
    }
  }
  ctx.stroke();
  ctx.restore();
}

interface AxisOptions {
  readonly isLogarithmic: boolean;
  readonly hasGrid: boolean;
  /** The smallest value is on the left or at the bottom; true turns that around. */
  readonly isReverse?: boolean;
  /** How much room it takes across. */
  readonly room: { readonly height: number } | { readonly width: number | ((chart: Chart) => number) };
  /** The values that get a label. */
  ticks(scale: Scale): number[];
  readonly label: (value: number, index: number, ticks: readonly { readonly value: number }[]) => string;
}

export function axis({ colors, font }: Palette, options: AxisOptions): ScaleType {
  const { isLogarithmic, hasGrid, isReverse = false, room, ticks, label } = options;
  return {
    type: isLogarithmic ? LogarithmicAxis.id : LinearAxis.id,
    reverse: isReverse,
    grid: { display: hasGrid, color: colors.grid },
    ticks: { color: colors.text, font: { family: font }, autoSkip: false, callback: label },
    afterBuildTicks: (scale: Scale) => {
      scale.ticks = ticks(scale).map((value) => ({ value }));
    },
    afterFit: (scale: Scale) => {
      if ("height" in room) scale.height = room.height;
      else scale.width = typeof room.width === "number" ? room.width : room.width(scale.chart);
    },
  } as unknown as ScaleType;
}

export const stepAxis = (palette: Palette): ScaleType =>
  axis(palette, {
    isLogarithmic: false,
    hasGrid: false,
    room: { height: AXIS_HEIGHT },
    ticks: (scale) => {
      const widest = scale.ctx.measureText(formatCount(Math.floor(scale.max))).width;
      return evenTicks(scale, Math.max(2, scale.width / (widest + LABEL_GAP))).filter(Number.isInteger);
    },
    label: (value) => formatCount(value),
  });

export const valueAxis = (kind: FixedAxis, palette: Palette): ScaleType =>
  axis(palette, {
    isLogarithmic: kind === "logarithmic",
    hasGrid: true,
    room: { width: VALUE_AXIS_WIDTH },
    ticks: (scale) =>
      kind === "logarithmic"
        ? logarithmicTicks(scale, Math.max(3, scale.height / TICK_DISTANCE))
        : kind === "share"
          ? [0, 0.5, 1]
          : evenTicks(scale),
    label: kind === "share" ? formatShare : tellingApart,
  });

/** Values that lie close together are told apart by more digits than others have. */
const tellingApart: AxisOptions["label"] = (value, _, ticks) =>
  formatDigits(value, digitsOf(ticks.map((tick) => tick.value)));

/** Norms from left to right. */
export const normAxis = (palette: Palette): ScaleType =>
  axis(palette, {
    isLogarithmic: true,
    hasGrid: false,
    room: { height: AXIS_HEIGHT },
    ticks: (scale) => logarithmicTicks(scale, Math.max(3, scale.width / TICK_WIDTH)),
    label: tellingApart,
  });

/** How many steps. */
export const stepCountAxis = (palette: Palette): ScaleType =>
  axis(palette, {
    isLogarithmic: false,
    hasGrid: true,
    room: { width: VALUE_AXIS_WIDTH },
    ticks: (scale) => evenTicks(scale).filter(Number.isInteger),
    label: tellingApart,
  });
