/** What was saved at a step, as a small flag on the step axis. */
import type { Chart, Plugin } from "chart.js";
import type { RunEvent } from "../../protocol/telemetry.ts";
import type { Palette } from "./palette.ts";
import { remembered } from "./remembered.ts";

export interface Checkpoint {
  readonly step: number;
  /** The last parts of its path. */
  readonly name: string;
}

/** Pixels: nearer flags would cover each other. */
const DISTANCE = 12;
const HEIGHT = 16;

/** In the order of steps. */
export const checkpointsOf = remembered((events: readonly RunEvent[]): readonly Checkpoint[] =>
  events
    .flatMap(({ kind, step, message }) => (kind === "checkpoint" && step !== null ? [{ step, name: message }] : []))
    .sort((a, b) => a.step - b.step),
);

/** Places between `left` and `right`, in pixels; where there are too many the later ones stay. */
export function placeCheckpoints(
  checkpoints: readonly Checkpoint[],
  { left, right }: { readonly left: number; readonly right: number },
  xOf: (step: number) => number,
): number[] {
  const placed: number[] = [];
  for (const { step } of checkpoints.toReversed()) {
    const x = xOf(step);
    if (x >= left && x <= right && (placed.at(-1) ?? Number.POSITIVE_INFINITY) - x >= DISTANCE) placed.push(x);
  }
  return placed.reverse();
}

export function checkpointsPlugin(checkpoints: () => readonly Checkpoint[], palette: () => Palette): Plugin<"line"> {
  return {
    id: "checkpoints",
    afterDatasetsDraw(chart: Chart) {
      if (checkpoints().length === 0) return;
      const { ctx, chartArea: area, scales } = chart;
      ctx.save();
      ctx.strokeStyle = ctx.fillStyle = palette().colors.text;
      ctx.lineWidth = 1;
      for (const x of placeCheckpoints(checkpoints(), area, (step) => scales.x!.getPixelForValue(step))) {
        const [at, top] = [Math.round(x) + 0.5, area.bottom - HEIGHT];
        ctx.beginPath();
        ctx.moveTo(at, area.bottom);
        ctx.lineTo(at, top);
        ctx.stroke();
        ctx.beginPath();
        ctx.moveTo(at, top);
        ctx.lineTo(at + 7, top + 3);
        ctx.lineTo(at, top + 6);
        ctx.fill();
      }
      ctx.restore();
    },
  };
}
