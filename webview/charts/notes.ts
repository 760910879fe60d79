/** What the user noted at a step, as a light line through the chart with the note's beginning at its top. */
import type { Chart, Plugin } from "chart.js";
import type { RunEvent } from "../../protocol/telemetry.ts";
import type { Palette } from "./palette.ts";
import { remembered } from "./remembered.ts";
import { strokeUpright } from "./strokes.ts";

export interface Note {
  readonly step: number;
  readonly text: string;
}

/** Pixels: nearer lines would be a grey area, and a wider text would cover the chart. */
const LINE_DISTANCE = 5;
const WIDEST_TEXT = 110;
const TEXT_DISTANCE = 6;

/** In the order of steps. */
export const notesOf = remembered((events: readonly RunEvent[]): readonly Note[] =>
  events
    .flatMap(({ kind, step, message }) => (kind === "note" && step !== null ? [{ step, text: message }] : []))
    .sort((a, b) => a.step - b.step),
);

/** As much of a text as has room, and its width in pixels. */
interface Short {
  readonly text: string;
  readonly width: number;
}

export interface PlacedNote {
  readonly x: number;
  /** null where there is no room for it beside the others. */
  readonly text: string | null;
  readonly isLeft: boolean;
}

/**
 * Those that have room between `left` and `right`, in pixels. A text stands to the right of its line, or to its left where
 * the chart ends; `shorten` gives as much of one as has room.
 */
export function placeNotes(
  notes: readonly Note[],
  { left, right }: { readonly left: number; readonly right: number },
  xOf: (step: number) => number,
  shorten: (text: string) => Short,
): PlacedNote[] {
  const placed: PlacedNote[] = [];
  let [line, end] = [Number.NEGATIVE_INFINITY, left];
  for (const { step, text } of notes) {
    const x = xOf(step);
    if (!(x >= left && x <= right) || x - line < LINE_DISTANCE) continue;
    line = x;
    const short = shorten(text);
    const isLeft = x + short.width + TEXT_DISTANCE > right;
    const from = isLeft ? x - short.width - TEXT_DISTANCE : x;
    if (from < end) placed.push({ x, text: null, isLeft });
    else {
      placed.push({ x, text: short.text, isLeft });
      end = isLeft ? x : x + short.width + 2 * TEXT_DISTANCE;
    }
  }
  return placed;
}

/** `inset`: pixels at the top that are taken by something else. */
export function notesPlugin(notes: () => readonly Note[], palette: () => Palette, inset: () => number): Plugin<"line"> {
  // Found once a text, character by character: the chart is drawn at each frame while the reader moves about.
  const known = new Map<string, Short>();
  return {
    id: "notes",
    // Below the lines: what was measured is in front of what was said.
    beforeDatasetsDraw(chart: Chart) {
      if (notes().length === 0) return;
      const { ctx, chartArea: area, scales } = chart;
      const { colors, font } = palette();
      ctx.save();
      ctx.font = `11px ${font}`;
      ctx.textBaseline = "top";
      ctx.strokeStyle = ctx.fillStyle = colors.text;
      ctx.lineWidth = 1;
      ctx.setLineDash([1, 3]);
      const shorten = (text: string) => {
        const short = known.get(text) ?? shortened(text, (part) => ctx.measureText(part).width);
        known.set(text, short);
        return short;
      };
      const placed = placeNotes(notes(), area, (step) => scales.x!.getPixelForValue(step), shorten);
      strokeUpright(chart, placed);
      // A rim, so that the next lines don't cross the text.
      ctx.setLineDash([]);
      ctx.strokeStyle = colors.paper;
      ctx.lineWidth = 4;
      ctx.lineJoin = "round";
      for (const { x, text, isLeft } of placed) {
        if (text === null) continue;
        const [at, top] = [Math.round(x) + (isLeft ? -4 : 4), area.top + 1 + inset()];
        ctx.textAlign = isLeft ? "right" : "left";
        ctx.strokeText(text, at, top);
        ctx.fillText(text, at, top);
      }
      ctx.restore();
    },
  };
}

function shortened(text: string, widthOf: (part: string) => number): Short {
  const [first = ""] = text.split("\n");
  // More characters than ever have room are not even measured.
  const characters = [...first].slice(0, WIDEST_TEXT);
  let shown = characters.length === [...first].length ? first : `${characters.join("")}…`;
  while (characters.length > 1 && widthOf(shown) > WIDEST_TEXT) {
    characters.pop();
    shown = `${characters.join("")}…`;
  }
  return { text: shown, width: widthOf(shown) };
}
