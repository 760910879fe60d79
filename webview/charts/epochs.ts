/** Where epochs begin, as light dashed lines through the chart: as many, with their numbers, as can be told apart. */
import type { Chart, Plugin } from "chart.js";
import type { RunEvent } from "../../protocol/telemetry.ts";
import { type Palette, translucent } from "./palette.ts";
import { remembered } from "./remembered.ts";
import { strokeUpright } from "./strokes.ts";

export interface Epoch {
  /** The first of its steps. */
  readonly step: number;
  /** As the framework counts. */
  readonly number: number;
}

/** Pixels. */
const LEAST_DISTANCE = 40;
const LABEL_GAP = 4;
/** The height of the row of labels at the top. */
export const LABEL_ROW = 13;

/** In the order of steps. */
export const epochsOf = remembered((events: readonly RunEvent[]): readonly Epoch[] =>
  events
    .flatMap(({ kind, step, data }) =>
      kind === "epoch" && step !== null && typeof data.epoch === "number" ? [{ step, number: data.epoch }] : [],
    )
    .sort((a, b) => a.step - b.step),
);

/** The epoch that a step belongs to; null where the epochs told around it are not each that there is, or none is before. */
export function epochAt(epochs: readonly Epoch[], step: number): Epoch | null {
  const next = epochs.findIndex((epoch) => epoch.step > step);
  const at = (next < 0 ? epochs.length : next) - 1;
  const [before, found, after] = [epochs[at - 1], epochs[at], epochs[at + 1]];
  if (!found) return null;
  const neighbours = after ? after.number - found.number : before ? found.number - before.number : 1;
  return neighbours === 1 ? found : null;
}

export interface PlacedEpoch {
  readonly x: number;
  readonly number: number;
  /** false where its name has no room beside the others or before the chart ends. */
  readonly isNamed: boolean;
}

/**
 * The epochs between `left` and `right`, in pixels, as far as their lines have room, and of those the names; both every one,
 * or every second, fifth, tenth and so on.
 */
export function placeEpochs(
  epochs: readonly Epoch[],
  { left, right }: { readonly left: number; readonly right: number },
  xOf: (step: number) => number,
  widthOf: (number: number) => number,
): PlacedEpoch[] {
  const visible = epochs
    .map(({ step, number }) => ({ x: xOf(step), number }))
    .filter(({ x }) => x >= left && x <= right);
  const widest = Math.max(0, ...visible.map(({ number }) => widthOf(number)));
  const toName = roomFor(visible, widest + 3 * LABEL_GAP);
  // Those with a name have a line, too.
  const toDraw = roomFor(visible, LEAST_DISTANCE, (every) => toName % every === 0);
  const named = new Set(spread(visible, toName, widest + 3 * LABEL_GAP));
  return spread(visible, toDraw, LEAST_DISTANCE).map((line) => ({
    ...line,
    isNamed: named.has(line) && line.x + LABEL_GAP + widthOf(line.number) <= right,
  }));
}

interface Line {
  readonly x: number;
  readonly number: number;
}

/** The smallest round number of whose multiples there are so few that they are, on average, this far from each other. */
function roomFor(lines: readonly Line[], distance: number, suits: (every: number) => boolean = () => true): number {
  for (const every of roundNumbers()) {
    const chosen = lines.filter(({ number }) => number % every === 0);
    const room = (chosen.at(-1)?.x ?? 0) - (chosen[0]?.x ?? 0);
    if (suits(every) && room >= distance * (chosen.length - 1)) return every;
  }
  return 1;
}

/** The multiples; after a restart, what comes too near to the one before is left out. */
function spread(lines: readonly Line[], every: number, distance: number): Line[] {
  const placed: Line[] = [];
  for (const line of lines)
    if (line.number % every === 0 && line.x - (placed.at(-1)?.x ?? Number.NEGATIVE_INFINITY) >= distance)
      placed.push(line);
  return placed;
}

function* roundNumbers(): Generator<number> {
  for (let ten = 1; ten < 1e15; ten *= 10) yield* [ten, 2 * ten, 5 * ten];
}

export function epochsPlugin(
  epochs: () => readonly Epoch[],
  palette: () => Palette,
  nameOf: (number: number) => string,
): Plugin<"line"> {
  // Measured once: the chart is drawn at each frame while the reader moves about.
  const widths = new Map<number, number>();
  let placed: readonly PlacedEpoch[] = [];
  return {
    id: "epochs",
    // Below what was measured, as notes are.
    beforeDatasetsDraw(chart: Chart) {
      placed = [];
      if (epochs().length === 0) return;
      const { ctx, chartArea: area, scales } = chart;
      const { colors, font, highContrast } = palette();
      ctx.save();
      ctx.font = `10px ${font}`;
      const xOf = (step: number) => scales.x!.getPixelForValue(step);
      const widthOf = (number: number) => {
        const width = widths.get(number) ?? ctx.measureText(nameOf(number)).width;
        widths.set(number, width);
        return width;
      };
      placed = placeEpochs(epochs(), area, xOf, widthOf);
      ctx.strokeStyle = translucent(colors.text, highContrast ? 0.8 : 0.4);
      ctx.lineWidth = 1;
      ctx.setLineDash([6, 6]);
      strokeUpright(chart, placed);
      ctx.restore();
    },
    // The names stand where a rate of 100% goes along: in front of it, with a rim.
    afterDatasetsDraw({ ctx, chartArea: area }: Chart) {
      if (placed.length === 0) return;
      const { colors, font } = palette();
      ctx.save();
      ctx.font = `10px ${font}`;
      ctx.textBaseline = "top";
      ctx.textAlign = "left";
      ctx.fillStyle = colors.text;
      ctx.strokeStyle = colors.paper;
      ctx.lineWidth = 3;
      ctx.lineJoin = "round";
      for (const { x, number, isNamed } of placed) {
        if (!isNamed) continue;
        const [name, at] = [nameOf(number), Math.round(x) + LABEL_GAP];
        ctx.strokeText(name, at, area.top + 1);
        ctx.fillText(name, at, area.top + 1);
      }
      ctx.restore();
    },
  };
}
