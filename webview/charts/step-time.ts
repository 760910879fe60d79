import { t } from "../l10n.ts";
import type { ChartSpec } from "./spec.ts";

export const stepTimeChart: ChartSpec = {
  id: "step-time",
  title: t("Time per step, in seconds"),
  axis: "adaptive",
  size: "small",
  lines: [{ metric: "step_time", name: t("Step time"), color: "step-time", band: true, compared: true }],
  absent: null,
};
