/** What a suggestion rests on, as a small table. */
import type { Advice } from "../../protocol/advice.ts";
import { element, patchList, setText } from "../dom.ts";
import { formatCount, formatJson, formatShare, formatThreshold, formatValue } from "../format.ts";
import { t } from "../l10n.ts";

const TEXT = {
  caption: t("Evidence"),
  steps: (from: number, to: number) => t("Steps counted ({0} to {1})", formatCount(from), formatCount(to)),
  none: t("Steps counted"),
  span: (n: number, from: number, to: number) => t("{0} ({1}–{2})", formatCount(n), formatCount(from), formatCount(to)),
  median: t("Median norm"),
  p99: t("99th percentile"),
  max: t("Largest norm"),
  tail: t("Tail: 99th percentile of each norm over its neighbours' median"),
  multiplier: t("Suggestion over median"),
  inForce: t("Threshold in force"),
  wouldClip: t("Steps it would have clipped"),
  factor: t("Mean clip factor"),
  nonFinite: t("Steps with NaN or infinity"),
  skipped: t("Steps skipped, not counted"),
  times: (factor: string) => t("{0}×", factor),
};

export const createEvidence = (): HTMLTableElement =>
  element("table", { class: "evidence" }, element("caption", {}, TEXT.caption), element("tbody"));

/** `ofNorm`: with what the suggested threshold for the global norm would do. */
export function fillEvidence(table: HTMLTableElement, { evidence: e, inForce }: Advice, ofNorm: boolean): void {
  const rows: [string, string][] =
    e.steps === 0
      ? [[TEXT.none, formatCount(0)]]
      : [
          [TEXT.steps(e.firstStep, e.lastStep), formatCount(e.steps)],
          [TEXT.median, formatJson(e.median)],
          [TEXT.p99, formatJson(e.p99)],
          [TEXT.max, formatJson(e.max)],
        ];
  if (e.localTailRatio !== null) rows.push([TEXT.tail, TEXT.times(formatValue(e.localTailRatio))]);
  if (ofNorm && e.multiplier !== null) rows.push([TEXT.multiplier, TEXT.times(formatValue(e.multiplier))]);
  if (inForce !== null) rows.push([TEXT.inForce, formatThreshold(inForce)]);
  if (ofNorm && e.wouldClip !== null) rows.push([TEXT.wouldClip, formatShare(e.wouldClip)]);
  if (ofNorm && e.meanClipFactor !== null) rows.push([TEXT.factor, formatValue(e.meanClipFactor)]);
  if (e.nonFinite > 0) rows.push([TEXT.nonFinite, formatCount(e.nonFinite)]);
  if (e.skipped > 0) rows.push([TEXT.skipped, formatCount(e.skipped)]);
  patchList(
    table.tBodies[0]!,
    rows,
    () => element("tr", {}, element("th", { scope: "row" }), element("td")),
    (row, [name, value]) => {
      setText(row.cells[0]!, name);
      setText(row.cells[1]!, value);
    },
  );
}
