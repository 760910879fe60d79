/** Draws a horizontal dashed line with its name: a value that is proposed, not measured. */
import type { Chart, Plugin } from "chart.js";
import { formatThreshold } from "../format.ts";
import type { Palette } from "./palette.ts";
import type { LevelSpec } from "./spec.ts";

export function levelPlugin(spec: LevelSpec, value: () => number | null, palette: () => Palette): Plugin<"line"> {
  return {
    id: "level",
    afterDatasetsDraw(chart: Chart) {
      const level = value();
      if (level === null) return;
      const { ctx, chartArea: area, scales } = chart;
      const y = scales.y!.getPixelForValue(level);
      if (y < area.top || y > area.bottom) return;
      const { colors, font } = palette();
      ctx.save();
      ctx.strokeStyle = colors[spec.color];
      ctx.lineWidth = 2;
      ctx.setLineDash([8, 5]);
      ctx.beginPath();
      ctx.moveTo(area.left, y);
      ctx.lineTo(area.right, y);
      ctx.stroke();
      const label = `${spec.name} ${formatThreshold(level)}`;
      const baseline = y - 18 > area.top ? y - 6 : y + 14;
      ctx.setLineDash([]);
      ctx.font = `600 11px ${font}`;
      ctx.textAlign = "right";
      // A rim, not a box: what lies behind stays in sight.
      ctx.strokeStyle = colors.paper;
      ctx.lineWidth = 3;
      ctx.lineJoin = "round";
      ctx.strokeText(label, area.right - 4, baseline);
      ctx.fillStyle = colors[spec.color];
      ctx.fillText(label, area.right - 4, baseline);
      ctx.restore();
    },
  };
}
