/** Lines and bands of a tile on a chart, straight from its columns. */
import type { Chart } from "chart.js";
import type { Tile } from "../hub/tile.ts";
import { middle, type Run, runsOf } from "./lines.ts";
import { SvgSurface } from "./svg-context.ts";

/**
 * Points that are stroked at once. A stroke is filled as one polygon, whose cost without a GPU grows with the square of its
 * corners where a line goes up and down: a chart's width of noise costs a fourth in pieces this short. They overlap in their
 * ends, so their colour must be opaque.
 */
const PIECE = 8;
/** Pixels of the screen that a band is filled in at once, for the same reason. */
const STRIP = 64;
/** Just under a pixel of the screen: a line that thin needs no polygon, and a fifth of the time. */
const HAIR = 0.999;
/** Of a value without neighbours: the radius of its dot, and half the length of the line where it would hold on; in pixels. */
export const DOT = 3;
const DASH = 10;

export interface Stroke {
  /** An opaque CSS colour. */
  readonly color: string;
  readonly width: number;
  readonly dash?: readonly number[];
  /** The value holds until half-way to the next. */
  readonly stepped?: boolean;
}

/** A line through one value a bucket; a value without neighbours is a dot, or a short line where it would hold on. */
export function strokeLine(
  chart: Chart<"line">,
  tile: Tile,
  values: Float64Array,
  gaps: ReadonlySet<number>,
  how: Stroke,
): void {
  const { ctx } = chart;
  ctx.strokeStyle = ctx.fillStyle = how.color;
  ctx.lineWidth = how.width;
  ctx.lineJoin = "bevel";
  // A file is to have a line as a line. On screen dashes are cut here, and are lines as short as others are drawn in.
  const isWhole = isPicture(chart);
  ctx.setLineDash(isWhole ? ((how.dash ?? []) as number[]) : []);
  const piece = isWhole ? Number.POSITIVE_INFINITY : PIECE;
  const hair = HAIR / chart.currentDevicePixelRatio;
  for (const run of runsOf(values, gaps, ...seen(chart, tile))) {
    const points = (how.stepped ? stairs : corners)(chart, tile, values, run);
    if (run.first === run.last) {
      const [x, y] = points as [number, number];
      ctx.beginPath();
      if (how.stepped) {
        ctx.moveTo(x - DASH, y);
        ctx.lineTo(x + DASH, y);
        ctx.stroke();
      } else {
        ctx.arc(x, y, DOT, 0, 2 * Math.PI);
        ctx.fill();
      }
      continue;
    }
    const lines = how.dash && !isWhole ? dashesOf(points, how.dash) : [points];
    if (!isWhole && how.width <= 2 * hair) strokeThin(ctx, lines, how.width, hair);
    else for (const line of lines) strokePieces(ctx, line, piece);
  }
}

function strokePieces(ctx: CanvasRenderingContext2D, points: readonly number[], piece: number): void {
  for (let start = 0; start + 2 < points.length; start += 2 * piece) {
    ctx.beginPath();
    ctx.moveTo(points[start]!, points[start + 1]!);
    for (let i = start + 2; i < Math.min(points.length, start + 2 + 2 * piece); i += 2)
      ctx.lineTo(points[i]!, points[i + 1]!);
    ctx.stroke();
  }
}

/** The lines that are left of one, x and y in turn, where it is drawn for as many pixels as `dash` says and then left out, in turn. */
export function dashesOf(points: readonly number[], dash: readonly number[]): number[][] {
  const lines: number[][] = [];
  let [turn, left] = [0, dash[0]!];
  let line = [points[0]!, points[1]!];
  for (let i = 2; i < points.length; i += 2) {
    let [x, y] = [points[i - 2]!, points[i - 1]!];
    const [endX, endY] = [points[i]!, points[i + 1]!];
    let length = Math.hypot(endX - x, endY - y);
    while (length > left) {
      x += ((endX - x) * left) / length;
      y += ((endY - y) * left) / length;
      length -= left;
      if (turn % 2 === 0) lines.push([...line, x, y]);
      line = [x, y];
      turn = (turn + 1) % dash.length;
      left = dash[turn]!;
    }
    left -= length;
    if (turn % 2 === 0) line.push(endX, endY);
  }
  if (turn % 2 === 0 && line.length > 2) lines.push(line);
  return lines;
}

/** Two lines of `hair` beside each other, which are about as wide together as one of `width` is, up to twice that. */
function strokeThin(
  ctx: CanvasRenderingContext2D,
  lines: readonly (readonly number[])[],
  width: number,
  hair: number,
): void {
  const aside = Math.max(0, width - hair) / 2;
  ctx.lineWidth = hair;
  ctx.beginPath();
  for (const points of lines)
    for (let i = 0; i + 3 < points.length; i += 2) {
      const [x1, y1, x2, y2] = [points[i]!, points[i + 1]!, points[i + 2]!, points[i + 3]!];
      const length = Math.hypot(x2 - x1, y2 - y1) || 1;
      const [x, y] = [((y1 - y2) / length) * aside, ((x2 - x1) / length) * aside];
      ctx.moveTo(x1 + x, y1 + y);
      ctx.lineTo(x2 + x, y2 + y);
      ctx.moveTo(x1 - x, y1 - y);
      ctx.lineTo(x2 - x, y2 - y);
    }
  ctx.stroke();
}

/** The area between two values a bucket, with a line along its upper edge. */
export function fillBand(
  chart: Chart<"line">,
  tile: Tile,
  { min, max }: { readonly min: Float64Array; readonly max: Float64Array },
  gaps: ReadonlySet<number>,
  { area, edge }: { readonly area: string; readonly edge: string },
): void {
  const { ctx } = chart;
  ctx.fillStyle = area;
  ctx.strokeStyle = edge;
  ctx.lineWidth = 1;
  ctx.lineJoin = "bevel";
  for (const run of runsOf(max, gaps, ...seen(chart, tile))) {
    const upper = corners(chart, tile, max, run);
    const lower = corners(chart, tile, min, run);
    if (isPicture(chart)) fillBetween(ctx, upper, lower, 0, upper.length);
    else {
      const strip = STRIP / chart.currentDevicePixelRatio;
      const [top, bottom] = [cut(upper, strip), cut(lower, strip)];
      for (const [i, end] of top.ends.entries())
        fillBetween(ctx, top.points, bottom.points, i === 0 ? 0 : top.ends[i - 1]! - 2, end);
    }
    ctx.beginPath();
    for (let i = 0; i < upper.length; i += 2) ctx.lineTo(upper[i]!, upper[i + 1]!);
    ctx.stroke();
  }
}

/** Two lines of corners at the same x; of those `from`, inclusive, `to`, exclusive. */
function fillBetween(
  ctx: CanvasRenderingContext2D,
  upper: readonly number[],
  lower: readonly number[],
  from: number,
  to: number,
): void {
  ctx.beginPath();
  for (let i = from; i < to; i += 2) ctx.lineTo(upper[i]!, upper[i + 1]!);
  for (let i = to - 2; i >= from; i -= 2) ctx.lineTo(lower[i]!, lower[i + 1]!);
  ctx.fill();
}

/**
 * The same line with a corner at each multiple of `strip`, which lies between two pixels of the screen, so that no seam shows; the
 * strips end before `ends`.
 */
export function cut(corners: readonly number[], strip: number): { points: number[]; ends: number[] } {
  const points: number[] = [];
  const ends: number[] = [];
  for (let i = 0; i < corners.length; i += 2) {
    const [x, y] = [corners[i]!, corners[i + 1]!];
    if (i > 0) {
      const [x0, y0] = [corners[i - 2]!, corners[i - 1]!];
      for (let n = Math.floor(x0 / strip) + 1; n * strip < x; n++) {
        points.push(n * strip, y0 + ((y - y0) * (n * strip - x0)) / (x - x0));
        ends.push(points.length);
      }
    }
    points.push(x, y);
  }
  ends.push(points.length);
  return { points, ends };
}

const isPicture = ({ canvas }: Chart<"line">): boolean => (canvas as unknown) instanceof SvgSurface;

/** Lines from the top of a chart to its step axis, in the stroke that is set, on whole pixels. */
export function strokeUpright({ ctx, chartArea: area }: Chart, places: readonly { readonly x: number }[]): void {
  ctx.beginPath();
  for (const { x } of places) {
    const at = Math.round(x) + 0.5;
    ctx.moveTo(at, area.top);
    ctx.lineTo(at, area.bottom);
  }
  ctx.stroke();
}

/** The buckets that the plot shows, and one more to either side, which a line comes from and goes to. */
function seen({ scales }: Chart<"line">, tile: Tile): [first: number, last: number] {
  const { min, max } = scales.x!;
  let [first, last] = [0, tile.from.length - 1];
  while (first < last && middle(tile, first + 1) < min) first++;
  while (last > first && middle(tile, last - 1) > max) last--;
  return [first, last];
}

/** The pixels of a run, x and y in turn. */
function corners({ scales }: Chart<"line">, tile: Tile, values: Float64Array, { first, last }: Run): number[] {
  const [x, y] = [scales.x!, scales.y!];
  const points: number[] = [];
  for (let i = first; i <= last; i++) points.push(x.getPixelForValue(middle(tile, i)), y.getPixelForValue(values[i]!));
  return points;
}

/** The same with steps half-way between two values, and no points where nothing changes. */
function stairs({ scales }: Chart<"line">, tile: Tile, values: Float64Array, { first, last }: Run): number[] {
  const [x, y] = [scales.x!, scales.y!];
  const points = [x.getPixelForValue(middle(tile, first)), y.getPixelForValue(values[first]!)];
  for (let i = first + 1; i <= last; i++) {
    if (values[i] === values[i - 1]) continue;
    const at = x.getPixelForValue((middle(tile, i - 1) + middle(tile, i)) / 2);
    points.push(at, y.getPixelForValue(values[i - 1]!), at, y.getPixelForValue(values[i]!));
  }
  points.push(x.getPixelForValue(middle(tile, last)), y.getPixelForValue(values[last]!));
  return points;
}
