import type { SeriesDetail } from "../../protocol/viewer.ts";
import { t } from "../l10n.ts";
import type { ChartSpec } from "./spec.ts";

const knowsNoNorm = ({ rank, latest }: SeriesDetail): boolean => rank > 0 && latest.norm_pre === undefined;

/** The global gradient norm before and after clipping, with the threshold in force and the suggested one. */
export const normChart: ChartSpec = {
  id: "norm",
  title: t("Gradient norm"),
  axis: "logarithmic",
  size: "large",
  lines: [
    { metric: "norm_pre", name: t("Before clipping"), color: "before", band: true, compared: true },
    { metric: "norm_post", name: t("After clipping"), color: "after" },
    // A rank that has but a part of the gradients does not know their norm.
    {
      metric: "shard_pre",
      name: t("Share of this rank"),
      color: "before",
      band: true,
      compared: true,
      applies: knowsNoNorm,
    },
    { metric: "shard_post", name: t("Its share after clipping"), color: "after", applies: knowsNoNorm },
    {
      metric: "threshold",
      name: t("Threshold"),
      color: "in-force",
      stepped: true,
      // A bound on each component can't be compared with a norm.
      applies: (series) => series.clip?.kind !== "value",
    },
  ],
  level: {
    name: t("Suggested"),
    color: "suggested",
    value: ({ advice }) => (advice.verdict === "suggest" || advice.verdict === "exploding" ? advice.threshold : null),
  },
  marks: "norm_pre",
  absent: t("No gradient norm has been recorded yet."),
};
