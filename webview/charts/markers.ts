/**
 * Marks over a chart. Spikes and skipped steps stand on the step axis; a value that is NaN or infinite has no place on the
 * value axis, so it stands at the upper edge. Each kind has a shape of its own, not just a colour.
 */
import type { Chart, Plugin } from "chart.js";
import type { RunEvent } from "../../protocol/telemetry.ts";
import type { Tile } from "../hub/tile.ts";
import { middle } from "./lines.ts";
import type { Palette, PaletteColor } from "./palette.ts";

export type MarkKind = "spike" | "non-finite" | "skipped" | "restart" | "in-force";
export interface Mark {
  readonly kind: MarkKind;
  readonly step: number;
}

/** The marks of a window: spikes, skipped steps, restarts and what the user changed from the events, non-finite values from the buckets. */
export function marksOf(tile: Tile, metric: "norm_pre" | "loss", events: readonly RunEvent[]): Mark[] {
  const marks: Mark[] = [];
  const nonfinite = tile.metrics.get(metric)?.nonfinite;
  for (let i = 0; i < tile.from.length; i++)
    if (nonfinite?.[i]) marks.push({ kind: "non-finite", step: middle(tile, i) });
  if (metric === "norm_pre")
    for (const { kind, step, data } of events) {
      if (step === null) continue;
      if (kind === "spike" || kind === "skipped" || kind === "restart") marks.push({ kind, step });
      else if (kind === "threshold" && data.by === "user") marks.push({ kind: "in-force", step });
    }
  return marks;
}

export function markersPlugin(marks: () => readonly Mark[], palette: () => Palette): Plugin<"line"> {
  return {
    id: "markers",
    afterDatasetsDraw(chart: Chart) {
      const { ctx, chartArea: area, scales } = chart;
      const x = scales.x!;
      ctx.save();
      ctx.lineWidth = 2;
      for (const { kind, step } of marks()) {
        if (step < x.min || step > x.max) continue;
        ctx.fillStyle = ctx.strokeStyle = palette().colors[kind satisfies PaletteColor];
        const at = x.getPixelForValue(step);
        ctx.beginPath();
        if (kind === "spike") {
          ctx.moveTo(at, area.bottom - 10);
          ctx.lineTo(at - 5, area.bottom - 1);
          ctx.lineTo(at + 5, area.bottom - 1);
          ctx.fill();
        } else if (kind === "skipped") {
          ctx.strokeRect(at - 2.5, area.bottom - 8, 5, 7);
        } else if (kind === "restart") {
          ctx.lineWidth = 1;
          ctx.setLineDash([4, 3]);
          ctx.moveTo(at, area.top);
          ctx.lineTo(at, area.bottom);
          ctx.stroke();
          ctx.setLineDash([]);
          ctx.lineWidth = 2;
        } else if (kind === "in-force") {
          ctx.moveTo(at, area.top + 10);
          ctx.lineTo(at - 5, area.top + 1);
          ctx.lineTo(at + 5, area.top + 1);
          ctx.fill();
        } else {
          ctx.moveTo(at - 4, area.top + 2);
          ctx.lineTo(at + 4, area.top + 10);
          ctx.moveTo(at + 4, area.top + 2);
          ctx.lineTo(at - 4, area.top + 10);
          ctx.stroke();
        }
      }
      ctx.restore();
    },
  };
}
