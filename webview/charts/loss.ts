import { t } from "../l10n.ts";
import type { ChartSpec } from "./spec.ts";

export const lossChart: ChartSpec = {
  id: "loss",
  title: t("Loss"),
  axis: "adaptive",
  size: "medium",
  lines: [{ metric: "loss", name: t("Loss"), color: "loss", band: true, compared: true }],
  marks: "loss",
  absent: t("No loss has been recorded. Call gradsight.log(step, loss=…) where the script knows it."),
};
