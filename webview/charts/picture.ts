/** A chart as a picture that stands by itself: with its title, the run it is of, and its legend. */
import type { Palette } from "./palette.ts";
import { SvgSurface } from "./svg-context.ts";

export interface PictureEntry {
  readonly name: string;
  /** A CSS colour. */
  readonly color: string;
  /** Pixels of line and gap; none where it is not dashed. */
  readonly dash: readonly number[];
}

export interface Caption {
  readonly title: string;
  readonly subtitle: string;
  readonly entries: readonly PictureEntry[];
  /** Colours for numbers, from the smallest to the largest, with their labels. */
  readonly ramp?: { readonly colors: readonly string[]; readonly low: string; readonly high: string };
}

const MARGIN = 12;
const LINE = 18;
const SWATCH = 18;
const RAMP = 120;

/** What there is to be saved of a chart as a picture. */
export interface Drawing {
  readonly caption: Caption;
  readonly palette: Palette;
  /** As it is on screen. */
  readonly canvas: HTMLCanvasElement;
  /** Draws the same on another surface, until that is disposed of. */
  drawOn(surface: SvgSurface): { dispose(): void };
}

export function pictureOf({ canvas, caption, palette }: Drawing): HTMLCanvasElement {
  const picture = document.createElement("canvas");
  compose(picture, canvas, caption, palette);
  return picture;
}

/** The picture as an SVG file: what the canvas shows, drawn once more as lines and text. */
export function svgOf({ canvas, caption, palette, drawOn }: Drawing): string {
  const [picture, surface] = [new SvgSurface(), new SvgSurface(canvas.clientWidth, canvas.clientHeight)];
  const chart = drawOn(surface);
  compose(picture, surface, caption, palette);
  chart.dispose();
  return picture.svg;
}

function compose<Surface extends HTMLCanvasElement | SvgSurface>(
  picture: Surface,
  chart: Surface,
  caption: Caption,
  palette: Palette,
): void {
  const ratio = chart.width / chart.clientWidth;
  const width = chart.clientWidth + 2 * MARGIN;
  const context = picture.getContext("2d") as CanvasRenderingContext2D;
  const font = (weight: number, size: number) => `${weight} ${size}px ${palette.font}`;
  context.font = font(400, 11);
  const rows = flow(caption, width - 2 * MARGIN, (text) => context.measureText(text).width);
  const head = MARGIN + 2 * LINE + rows.length * LINE;
  picture.width = Math.round(width * ratio);
  picture.height = Math.round((head + chart.clientHeight + MARGIN) * ratio);
  context.scale(ratio, ratio);
  context.fillStyle = palette.colors.paper;
  context.fillRect(0, 0, width, head + chart.clientHeight + MARGIN);
  context.textBaseline = "middle";
  context.fillStyle = palette.colors.cursor;
  context.font = font(600, 13);
  context.fillText(caption.title, MARGIN, MARGIN + LINE / 2);
  context.fillStyle = palette.colors.text;
  context.font = font(400, 11);
  context.fillText(caption.subtitle, MARGIN, MARGIN + LINE * 1.5);
  for (const [i, row] of rows.entries())
    for (const { x, draw } of row) draw(context, MARGIN + x, MARGIN + LINE * (i + 2.5), palette);
  context.drawImage(chart as HTMLCanvasElement, MARGIN, head, chart.clientWidth, chart.clientHeight);
}

interface Placed {
  readonly x: number;
  draw(context: CanvasRenderingContext2D, x: number, y: number, palette: Palette): void;
}

/** Puts the entries of the legend beside each other, in as many rows as they need. */
function flow({ entries, ramp }: Caption, width: number, measure: (text: string) => number): Placed[][] {
  const items = entries.map(({ name, color, dash }) => ({
    width: SWATCH + 6 + measure(name) + 16,
    draw: (context: CanvasRenderingContext2D, x: number, y: number, { colors }: Palette) => {
      context.strokeStyle = color;
      context.lineWidth = 3;
      context.setLineDash(dash as number[]);
      context.beginPath();
      context.moveTo(x, y);
      context.lineTo(x + SWATCH, y);
      context.stroke();
      context.fillStyle = colors.text;
      context.fillText(name, x + SWATCH + 6, y);
    },
  }));
  if (ramp) {
    const [low, high] = [measure(ramp.low), measure(ramp.high)];
    items.push({
      width: low + RAMP + high + 28,
      draw: (context, x, y, { colors }) => {
        context.fillStyle = colors.text;
        context.fillText(ramp.low, x, y);
        context.fillText(ramp.high, x + low + RAMP + 12, y);
        const each = RAMP / ramp.colors.length;
        for (const [i, color] of ramp.colors.entries()) {
          context.fillStyle = color;
          context.fillRect(x + low + 6 + i * each, y - 5, each + 0.5, 10);
        }
      },
    });
  }
  const rows: Placed[][] = [];
  let x = Number.POSITIVE_INFINITY;
  for (const { width: own, draw } of items) {
    if (x + own > width) {
      rows.push([]);
      x = 0;
    }
    rows.at(-1)!.push({ x, draw });
    x += own;
  }
  return rows;
}

/** The picture as a PNG file. @throws {Error} when the browser can't make one */
export async function pngOf(picture: HTMLCanvasElement): Promise<Blob> {
  const blob = await new Promise<Blob | null>((resolve) => picture.toBlob(resolve, "image/png"));
  if (!blob) throw new Error("the picture is too large");
  return blob;
}
