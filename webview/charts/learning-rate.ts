import { GROUP_RATES, type GroupRate, type SeriesDetail } from "../../protocol/viewer.ts";
import { t } from "../l10n.ts";
import type { PaletteColor } from "./palette.ts";
import type { ChartSpec } from "./spec.ts";

const COLORS = ["rate-2", "rate-3", "rate-4", "rate-5", "rate-6"] as const satisfies readonly PaletteColor[];

/** The parameter groups' learning rates: one line for all, or one for those groups that have had the same throughout. */
export const learningRateChart: ChartSpec = {
  id: "learning-rate",
  title: t("Learning rate"),
  axis: "linear",
  size: "small",
  lines: [
    { metric: "lr", name: (series) => groupsWith("lr", series), color: "learning-rate", compared: true },
    ...GROUP_RATES.map((metric, i) => ({
      metric,
      name: (series: SeriesDetail) => groupsWith(metric, series),
      color: COLORS[i]!,
    })),
  ],
  absent: null,
};

function groupsWith(metric: GroupRate["metric"], { rates }: SeriesDetail): string {
  const groups = rates.find((rate) => rate.metric === metric)?.groups;
  if (!groups) return t("Learning rate");
  return groups.length === 1 ? t("Group {0}", String(groups[0])) : t("Groups {0}", ranges(groups));
}

/** `0, 2–5` of 0, 2, 3, 4 and 5. */
function ranges(groups: readonly number[]): string {
  const found: [number, number][] = [];
  for (const group of groups) {
    const last = found.at(-1);
    if (last && group === last[1] + 1) last[1] = group;
    else found.push([group, group]);
  }
  return found.map(([from, to]) => (from === to ? `${from}` : `${from}–${to}`)).join(", ");
}
