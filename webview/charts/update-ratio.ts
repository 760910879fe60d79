import { t } from "../l10n.ts";
import type { ChartSpec } from "./spec.ts";

/** How far each update moves the weights, relative to what they are. */
export const updateRatioChart: ChartSpec = {
  id: "update-ratio",
  title: t("Update-to-weight ratio"),
  axis: "logarithmic",
  size: "small",
  lines: [{ metric: "update_ratio", name: t("Update ÷ weights"), color: "update-ratio", compared: true }],
  absent: null,
};
