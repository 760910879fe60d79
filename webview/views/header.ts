/** Which run and which series is shown, what it is compared with, and how the run stands. */
import "./header.css";
import type { RunDetail, RunSummary, SeriesDetail } from "../../protocol/viewer.ts";
import { OVERLAY_COLORS } from "../charts/palette.ts";
import { element, setHidden } from "../dom.ts";
import { fileName, formatCount, formatTime } from "../format.ts";
import { t } from "../l10n.ts";
import { isFull, PLACES, type Places } from "../places.ts";
import { foldersApart } from "../run-names.ts";
import { type Choice, Picker } from "./picker.ts";
import { StatusView, statusOf } from "./status.ts";

const TEXT = {
  run: t("Run"),
  series: t("Series"),
  others: t("Compare with"),
  compare: t("Compare with other runs"),
  none: t("No other run"),
  compared: (n: number) => (n === 1 ? t("{0} run", formatCount(n)) : t("{0} runs", formatCount(n))),
  full: t("At most {0} runs can be compared with: take one off to choose another.", formatCount(PLACES)),
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
  readonly #others: Picker;
  readonly #status = new StatusView();

  constructor(actions: {
    chooseRun(id: string): void;
    chooseSeries(id: string): void;
    /** Compares with this run, or no longer; null: with none. */
    compare(id: string | null): void;
  }) {
    this.#runs = new Picker("run", TEXT.run, actions.chooseRun);
    this.#series = new Picker("series", TEXT.series, actions.chooseSeries);
    this.#others = new Picker("others", TEXT.others, (id) => actions.compare(id === NONE ? null : id), true);
    this.element = element(
      "header",
      { class: "header" },
      element("div", { class: "pickers" }, this.#runs.element, this.#series.element, this.#others.element),
      this.#status.element,
    );
  }

  /** `others`: the runs that it is compared with; `isLive`: what changes is heard of. */
  show(
    runs: readonly RunSummary[],
    run: string | null,
    detail: RunDetail | null,
    series: SeriesDetail | null,
    others: Places,
    isLive: boolean,
  ): void {
    setHidden(this.element, runs.length === 0);
    const folders = foldersApart(runs);
    const choices = runs.map((summary, i) => {
      const detail = TEXT.runDetail(statusOf(summary, isLive), formatTime(summary.startedAt), summary.steps);
      return {
        id: summary.id,
        name: summary.name,
        icon: summary.status,
        detail: [folders[i], detail].filter(Boolean).join(" · "),
      };
    });
    this.#runs.show(choices, run === null ? [] : [run]);
    setHidden(this.#others.element, choices.length < 2);
    this.#showOthers(
      choices.filter(({ id }) => id !== run),
      others,
    );
    const ofRanks = detail?.series ?? [];
    const all = ofRanks.filter((one) => ofRanks.find(({ name }) => name === one.name) === one);
    setHidden(this.#series.element, all.length < 2);
    const seriesChoices = all.map(({ name: id, label, optimizer, site, steps }) => ({
      id,
      name: label,
      detail: TEXT.seriesDetail(optimizer ?? (site ? `${fileName(site.file)}:${site.line}` : ""), steps),
    }));
    this.#series.show(seriesChoices, series === null ? [] : [series.name]);
    setHidden(this.#status.element, detail === null);
    if (detail) this.#status.show(detail, isLive);
  }

  #showOthers(runs: readonly Choice[], others: Places): void {
    const chosen = runs.filter(({ id }) => others.includes(id));
    const isLast = isFull(others);
    const choices = runs.map((choice): Choice => {
      const place = others.indexOf(choice.id);
      return place < 0 ? { ...choice, isRefused: isLast } : { ...choice, color: OVERLAY_COLORS[place]! };
    });
    const none = { id: NONE, name: TEXT.none, detail: "" };
    const detail = chosen.length === 1 ? chosen[0]!.name : TEXT.compared(chosen.length);
    const face = { ...none, name: chosen.length === 0 ? TEXT.compare : TEXT.others };
    this.#others.show(
      [none, ...choices],
      chosen.length === 0 ? [NONE] : chosen.map(({ id }) => id),
      chosen.length === 0 ? face : { ...face, detail },
      isLast ? TEXT.full : "",
    );
  }
}
