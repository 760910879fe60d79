import { t } from "../l10n.ts";
import type { ChartSpec } from "./spec.ts";

export const learningRateChart: ChartSpec = {
  id: "learning-rate",
  title: t("Learning rate"),
  axis: "linear",
  size: "small",
  lines: [{ metric: "lr", name: t("Learning rate"), color: "learning-rate" }],
  absent: null,
};
