/** Which run and which series is shown, and how the run stands. */
import "./header.css";
import type { RunDetail, RunSummary, SeriesDetail } from "../../protocol/viewer.ts";
import { element, setHidden } from "../dom.ts";
import { fileName, formatCount, formatTime } from "../format.ts";
import { t } from "../l10n.ts";
import { Picker } from "./picker.ts";
import { StatusView, statusOf } from "./status.ts";

const TEXT = {
  run: t("Run"),
  series: t("Series"),
  other: t("Compare with"),
  none: t("Compare with another run"),
  runDetail: (status: string, started: string, steps: number) =>
    steps === 1
      ? t("{0} · {1} · {2} step", status, started, formatCount(steps))
      : t("{0} · {1} · {2} steps", status, started, formatCount(steps)),
  seriesDetail: (optimizer: string, steps: number) => t("{0} · {1} steps", optimizer, formatCount(steps)),
};

/** No run has this id. */
const NONE = "";

export class HeaderView {
  readonly element: HTMLElement;
  readonly #runs: Picker;
  readonly #series: Picker;
  readonly #other: Picker;
  readonly #status = new StatusView();

  constructor(actions: {
    chooseRun(id: string): void;
    chooseSeries(id: string): void;
    compare(id: string | null): void;
  }) {
    this.#runs = new Picker("run", TEXT.run, actions.chooseRun);
    this.#series = new Picker("series", TEXT.series, actions.chooseSeries);
    this.#other = new Picker("other", TEXT.other, (id) => actions.compare(id === NONE ? null : id));
    this.element = element(
      "header",
      { class: "header" },
      element("div", { class: "pickers" }, this.#runs.element, this.#series.element, this.#other.element),
      this.#status.element,
    );
  }

  /** `other`: the run that it is compared with. */
  show(
    runs: readonly RunSummary[],
    run: string | null,
    detail: RunDetail | null,
    series: SeriesDetail | null,
    other: string | null,
  ): void {
    setHidden(this.element, runs.length === 0);
    const choices = runs.map((summary) => ({
      id: summary.id,
      name: summary.name,
      icon: summary.status,
      detail: TEXT.runDetail(statusOf(summary), formatTime(summary.startedAt), summary.steps),
    }));
    this.#runs.show(choices, run);
    setHidden(this.#other.element, choices.length < 2);
    this.#other.show([{ id: NONE, name: TEXT.none, detail: "" }, ...choices.filter(({ id }) => id !== run)], other);
    const ofRanks = detail?.series ?? [];
    const all = ofRanks.filter((one) => ofRanks.find(({ name }) => name === one.name) === one);
    setHidden(this.#series.element, all.length < 2);
    const seriesChoices = all.map(({ name: id, label, optimizer, site, steps }) => ({
      id,
      name: label,
      detail: TEXT.seriesDetail(optimizer ?? (site ? `${fileName(site.file)}:${site.line}` : ""), steps),
    }));
    this.#series.show(seriesChoices, series?.name ?? null);
    setHidden(this.#status.element, detail === null);
    if (detail) this.#status.show(detail);
  }
}
