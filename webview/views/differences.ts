/** In what two runs differ: how they were set up, and what came of it. What is the same is not listed. */
import "./differences.css";
import { fromJsonNumber } from "../../protocol/shape.ts";
import type { RunDetail, SeriesDetail } from "../../protocol/viewer.ts";
import { element, patchList, setHidden, setText } from "../dom.ts";
import { fileName, formatCount, formatJson, formatShare, formatThreshold, shortHash } from "../format.ts";
import { t } from "../l10n.ts";
import { statusOf } from "./status.ts";
import { suggestedBy } from "./suggestion.ts";

const TEXT = {
  title: t("Differences"),
  what: t("What"),
  none: t("Nothing of what was recorded differs."),
  noSeries: t("The other run has recorded no steps."),
  stop: t("Stop comparing"),
  unclipped: t("none"),
  named: (name: string, id: string) => t("{0} ({1})", name, id),
};

export interface Compared {
  readonly run: RunDetail;
  /** null: the run has none. */
  readonly series: SeriesDetail | null;
}

interface Aspect {
  readonly name: string;
  of(run: RunDetail, series: SeriesDetail | null): string | null | undefined;
}

const ASPECTS: readonly Aspect[] = [
  { name: t("Script"), of: ({ summary }) => summary.script && fileName(summary.script) },
  { name: t("Commit"), of: ({ code }) => code?.commit && shortHash(code.commit) },
  { name: t("SHA-256 of the script"), of: ({ code }) => code?.scriptHash && shortHash(code.scriptHash) },
  { name: t("Arguments"), of: ({ args }) => args.join(" ") },
  { name: t("Optimizer"), of: (_, series) => series?.optimizer ?? null },
  { name: t("Clipping"), of: (_, series) => series?.clip?.function.split(".").pop() ?? (series && TEXT.unclipped) },
  { name: t("Threshold"), of: (_, series) => thresholdOf(series) },
  { name: t("Latest learning rate"), of: (_, series) => latest(series, "lr") },
  { name: t("Framework"), of: ({ summary, frameworkVersion }) => join(summary.framework, frameworkVersion) },
  { name: t("Python"), of: ({ python }) => python },
  { name: t("Processes"), of: ({ worldSize }) => formatCount(worldSize) },
  { name: t("Status"), of: ({ summary }) => statusOf(summary) },
  { name: t("Steps"), of: (_, series) => formatCount(series?.steps ?? 0) },
  { name: t("Latest loss"), of: (_, series) => latest(series, "loss") },
  { name: t("Median norm"), of: (_, series) => series && medianOf(series) },
  { name: t("Clip rate of the last 200 steps"), of: (_, series) => share(series?.clipRate) },
  { name: t("Suggested threshold"), of: (_, series) => threshold(series && suggestedBy(series.advice)) },
  { name: t("NaN or infinite"), of: (_, series) => formatCount(series?.nonFinite ?? 0) },
  { name: t("Skipped steps"), of: (_, series) => formatCount(series?.skipped ?? 0) },
];

const join = (...parts: (string | null)[]) => parts.filter(Boolean).join(" ");
const latest = (series: SeriesDetail | null, metric: string) =>
  series?.latest[metric] === undefined ? null : formatJson(series.latest[metric]);
const medianOf = ({ advice: { evidence } }: SeriesDetail) =>
  Number.isNaN(fromJsonNumber(evidence.median)) ? null : formatJson(evidence.median);
const share = (of: number | null | undefined) => (of == null ? null : formatShare(of));
const threshold = (of: number | null | undefined) => (of == null ? null : formatThreshold(of));
/** Clipping by value has one, too, which is no bound on the norm. */
const thresholdOf = (series: SeriesDetail | null) =>
  threshold(series?.advice.inForce) ?? (series?.clip ? latest(series, "threshold") : null);

export class DifferencesView {
  readonly element: HTMLElement;
  readonly #heads: HTMLElement[] = [0, 1].map(() => element("th", { scope: "col" }));
  readonly #rows = element("tbody");
  readonly #note = element("p", { class: "aside-label" });
  readonly #frame: HTMLElement;

  constructor(stop: () => void) {
    const button = element("button", { type: "button", class: "quiet" }, TEXT.stop);
    button.addEventListener("click", stop);
    const head = element("tr", {}, element("th", { scope: "col" }, TEXT.what), ...this.#heads);
    this.#frame = element(
      "div",
      { class: "scroll", role: "region", tabindex: 0, "aria-labelledby": "differences-title" },
      element("table", {}, element("thead", {}, head), this.#rows),
    );
    this.element = element(
      "section",
      { class: "panel differences", "aria-labelledby": "differences-title", hidden: true },
      element("header", {}, element("h2", { id: "differences-title" }, TEXT.title), button),
      this.#note,
      this.#frame,
    );
  }

  /** `other`: null where nothing is compared. */
  show(shown: Compared, other: Compared | null): void {
    setHidden(this.element, other === null);
    if (other === null) return;
    const rows = ASPECTS.map(
      ({ name, of }) => [name, of(shown.run, shown.series), of(other.run, other.series)] as const,
    )
      .filter(([, a, b]) => (a ?? "") !== (b ?? ""))
      .map((row) => row.map((text) => text || "–"));
    setText(this.#heads[0]!, nameBeside(shown.run, other.run));
    setText(this.#heads[1]!, nameBeside(other.run, shown.run));
    setHidden(this.#frame, rows.length === 0);
    const silent = other.series === null;
    setText(this.#note, silent ? TEXT.noSeries : TEXT.none);
    setHidden(this.#note, !silent && rows.length > 0);
    patchList(
      this.#rows,
      rows,
      () => element("tr", {}, element("th", { scope: "row" }), element("td"), element("td")),
      (row, texts) => {
        for (const [i, text] of texts.entries()) setText(row.cells[i]!, text);
      },
    );
  }
}

/** The series of a run that is to be compared with one of another: of the same name, or else its first. */
export const counterpart = ({ series }: RunDetail, { name, rank }: SeriesDetail): SeriesDetail | null =>
  series.find((one) => one.name === name && one.rank === rank) ??
  series.find((one) => one.name === name) ??
  series[0] ??
  null;

/** A run's name, with its id where the other one has the same. */
export const nameBeside = ({ summary: { name, id } }: RunDetail, { summary: other }: RunDetail): string =>
  name === other.name ? TEXT.named(name, id.slice(0, 8)) : name;
