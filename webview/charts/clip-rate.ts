import { t } from "../l10n.ts";
import type { ChartSpec } from "./spec.ts";

/** The share of steps whose gradient clipping changed. */
export const clipRateChart: ChartSpec = {
  id: "clip-rate",
  title: t("Clip rate"),
  axis: "share",
  coarse: 60,
  size: "medium",
  lines: [{ metric: "clipped", name: t("Steps clipped"), color: "clip-rate" }],
  absent: t("Nothing has been clipped in this run: no threshold was seen."),
};
