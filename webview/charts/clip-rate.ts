import { t } from "../l10n.ts";
import type { ChartSpec } from "./spec.ts";

/** The share of steps whose gradient clipping changed. */
export const clipRateChart: ChartSpec = {
  id: "clip-rate",
  title: t("Clip rate"),
  axis: "share",
  coarse: 60,
  size: "medium",
  lines: [{ metric: "clipped", name: t("Steps clipped"), color: "clip-rate", compared: true }],
  absent: ({ latest }) =>
    latest.threshold === undefined
      ? t("Nothing has been clipped in this run: no threshold was seen.")
      : t("A threshold was seen, but it is not known of any step whether it was clipped."),
};
