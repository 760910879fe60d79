/** The run's figures at a glance, each with a word on what it means. */
import "./summary.css";
import type { RunDetail, SeriesDetail } from "../../protocol/viewer.ts";
import { isSwitchedOff } from "../charts/switched-off.ts";
import { element, setAttribute, setText } from "../dom.ts";
import { formatCount, formatJson, formatShare } from "../format.ts";
import { t } from "../l10n.ts";

interface Figure {
  readonly id: string;
  readonly name: string;
  readonly explanation: string;
  value(series: SeriesDetail, run: RunDetail): string;
  /** Does the figure deserve attention? */
  alarming?(series: SeriesDetail, run: RunDetail): boolean;
}

const spikes = ({ id }: SeriesDetail, { events }: RunDetail) =>
  events.filter(({ kind, series }) => kind === "spike" && series === id).length;
const hasEarlierSpikes = ({ events, eventCounts }: RunDetail) =>
  (eventCounts.spike ?? 0) > events.filter(({ kind }) => kind === "spike").length;

const FIGURES: readonly Figure[] = [
  {
    id: "median",
    name: t("Median norm"),
    explanation: t("The middle of all gradient norms before clipping, without skipped and non-finite steps."),
    value: ({ advice }) => (advice.evidence.steps > 0 ? formatJson(advice.evidence.median) : "–"),
  },
  {
    id: "latest",
    name: t("Latest norm"),
    explanation: t("The gradient norm of the latest step, before clipping."),
    value: ({ latest }) => formatJson(latest.norm_pre),
  },
  {
    id: "clip-rate",
    name: t("Recent clip rate"),
    explanation: t("The share of the last 200 steps whose gradient was clipped. A high rate alone is no fault."),
    value: ({ id, clipRate }, { events }) =>
      isSwitchedOff(events, id) ? t("off") : clipRate === null ? "–" : formatShare(clipRate),
  },
  {
    id: "spikes",
    name: t("Spikes"),
    explanation: t("Steps whose norm rose far above those just before: often a bad batch."),
    // Of a run with more events than are sent, only the latest are counted here.
    value: (series, run) => formatCount(spikes(series, run)) + (hasEarlierSpikes(run) ? "+" : ""),
  },
  {
    id: "non-finite",
    name: t("NaN or infinite"),
    explanation: t("Steps whose norm or loss was NaN or infinite."),
    value: ({ nonFinite }) => formatCount(nonFinite),
    alarming: ({ nonFinite }) => nonFinite > 0,
  },
  {
    id: "skipped",
    name: t("Skipped steps"),
    explanation: t("Updates that the gradient scaler left out. A few are routine in half precision."),
    value: ({ skipped }) => formatCount(skipped),
  },
];

export class SummaryView {
  readonly element: HTMLElement;
  readonly #values = new Map<string, HTMLElement>();

  constructor() {
    this.element = element("ul", { class: "summary", "aria-label": t("Summary") });
    for (const { id, name, explanation } of FIGURES) {
      const value = element("span", { class: "value" });
      this.#values.set(id, value);
      const tip = element("span", { class: "tip", role: "tooltip", id: `figure-${id}` }, explanation);
      const button = element(
        "button",
        { type: "button", "aria-describedby": `figure-${id}` },
        element("span", { class: "name" }, name),
        value,
      );
      const item = element("li", { "data-figure": id }, button, tip);
      // A tip must be dismissible without moving the pointer or the focus.
      button.addEventListener("keydown", ({ key }) => key === "Escape" && setAttribute(item, "data-dismissed", true));
      for (const leave of ["blur", "pointerleave"])
        button.addEventListener(leave, () => setAttribute(item, "data-dismissed", null));
      this.element.append(item);
    }
  }

  show(series: SeriesDetail, run: RunDetail): void {
    for (const { id, value, alarming } of FIGURES) {
      const node = this.#values.get(id)!;
      setText(node, value(series, run));
      setAttribute(node, "data-alarming", alarming?.(series, run) ?? false);
    }
  }
}
