/** What happened in the run, latest first. */
import "./events.css";
import type { CodeLocation, EventKind, RunEvent } from "../../protocol/telemetry.ts";
import type { RunDetail, SeriesDetail } from "../../protocol/viewer.ts";
import { element, patchList, setAttribute, setHidden, setText } from "../dom.ts";
import { formatCount, formatTime } from "../format.ts";
import { t } from "../l10n.ts";
import { createEventFilter, type EventFilter, passes } from "./event-filter.ts";
import { createIcon, type IconName, setIcon } from "./icon.ts";

interface KindLook {
  readonly name: string;
  readonly icon: IconName;
  readonly severity: "error" | "warning" | "info";
}

const KINDS: Record<EventKind, KindLook> = {
  nonfinite: { name: t("NaN or infinite"), icon: "failed", severity: "error" },
  explosion: { name: t("Explosion"), icon: "failed", severity: "error" },
  spike: { name: t("Spike"), icon: "spike", severity: "warning" },
  vanishing: { name: t("Vanishing gradients"), icon: "warning", severity: "warning" },
  warning: { name: t("Warning"), icon: "warning", severity: "warning" },
  gap: { name: t("Steps missing"), icon: "gap", severity: "warning" },
  skipped: { name: t("Skipped step"), icon: "skipped", severity: "info" },
  restart: { name: t("Started again"), icon: "info", severity: "info" },
  threshold: { name: t("Threshold changed"), icon: "info", severity: "info" },
  note: { name: t("Note"), icon: "info", severity: "info" },
  epoch: { name: t("Epoch"), icon: "epoch", severity: "info" },
  checkpoint: { name: t("Checkpoint"), icon: "checkpoint", severity: "info" },
};

const TEXT = {
  title: t("Events"),
  none: {
    all: t("Nothing out of the ordinary so far."),
    problems: t("Nothing out of the ordinary so far."),
    notes: t('No notes so far. A script makes one with gradsight.note("…").'),
    marks: t("No epochs or checkpoints so far."),
  } satisfies Record<EventFilter, string>,
  step: (n: number) => t("step {0}", formatCount(n)),
  stepHint: t("Show the steps around this one"),
  code: t("Go to code"),
  ofRank: (rank: number, message: string) => t("Rank {0}: {1}", rank, message),
  earlier: (n: number) => t("and {0} earlier", formatCount(n)),
};

const MOST_SHOWN = 200;

export class EventsView {
  readonly element: HTMLElement;
  readonly #count = element("span", { class: "aside-label" });
  readonly #none = element("p", { class: "aside-label" });
  readonly #filter: HTMLSelectElement;
  readonly #list = element("ol");
  readonly #earlier = element("p", { class: "aside-label" });
  readonly #showStep: (step: number) => void;
  readonly #reveal: (location: CodeLocation) => void;
  #site: CodeLocation | null = null;

  constructor(actions: {
    showStep(step: number): void;
    reveal(location: CodeLocation): void;
    choose(filter: EventFilter): void;
  }) {
    this.#filter = createEventFilter(actions.choose);
    this.#showStep = actions.showStep;
    this.#reveal = actions.reveal;
    this.element = element(
      "section",
      { class: "panel events", "aria-labelledby": "events-title" },
      element("header", {}, element("h2", { id: "events-title" }, TEXT.title), this.#count, this.#filter),
      this.#none,
      element("div", { class: "scroll" }, this.#list),
      this.#earlier,
    );
  }

  /** `all`: of the run's events, those to show, of which `filter` leaves some. */
  show(run: RunDetail, series: SeriesDetail, all: readonly RunEvent[], filter: EventFilter): void {
    this.#site = series.site;
    const events = all.filter(({ kind }) => passes(filter, kind));
    const shown = events.slice(-MOST_SHOWN).reverse();
    const earlier = untold(run, filter) + events.length - shown.length;
    if (this.#filter.value !== filter) this.#filter.value = filter;
    setHidden(this.#filter, all.length === 0 && filter === "all");
    setText(this.#count, events.length > 0 ? formatCount(events.length) : "");
    setText(this.#none, TEXT.none[filter]);
    setHidden(this.#none, events.length > 0);
    setHidden(this.#list.parentElement!, events.length === 0);
    setHidden(this.#earlier, earlier === 0);
    setText(this.#earlier, TEXT.earlier(earlier));
    patchList(
      this.#list,
      shown,
      () => this.#createRow(),
      (row, event) => fillRow(row, event, series.site !== null),
    );
  }

  #createRow(): HTMLLIElement {
    const step = element("button", { type: "button", class: "link step", title: TEXT.stepHint });
    const row = element(
      "li",
      {},
      createIcon("info"),
      element("span", { class: "kind" }),
      step,
      element("span", { class: "message" }),
      element("button", { type: "button", class: "link code" }, TEXT.code),
    );
    step.addEventListener("click", () => this.#showStep(Number(row.dataset.step)));
    row.lastElementChild!.addEventListener("click", () => this.#site && this.#reveal(this.#site));
    return row;
  }
}

/** How many the hub has beside those that it gave; of the epochs it leaves out on purpose none are missing. */
function untold({ events, eventCounts }: RunDetail, filter: EventFilter): number {
  const kinds = (Object.keys(eventCounts) as EventKind[]).filter((kind) => passes(filter, kind));
  const given = events.filter(({ kind }) => kinds.includes(kind)).length;
  return kinds.reduce((sum, kind) => sum + eventCounts[kind]!, 0) - given;
}

const isMark = (kind: EventKind): boolean => kind === "epoch" || kind === "checkpoint";

/** The events of a series, and those of the run as a whole. Marks are told by rank 0 for all. */
export const eventsOf = (run: RunDetail, { id, name }: SeriesDetail): RunEvent[] =>
  run.events.filter(({ kind, series }) => series === null || series === id || (isMark(kind) && series === name));

/** Those, and of the other ranks what none before them told; for where all ranks are shown. */
export function eventsOfAllRanks(run: RunDetail, series: SeriesDetail): RunEvent[] {
  const ranks = new Map(run.series.filter(({ name }) => name === series.name).map(({ id, rank }) => [id, rank]));
  const rankOf = (event: RunEvent) => (event.series === null ? series.rank : (ranks.get(event.series) ?? Infinity));
  const told = new Map<string, number>();
  for (const event of run.events) {
    const what = `${event.kind} ${event.step}`;
    told.set(what, Math.min(told.get(what) ?? Infinity, rankOf(event)));
  }
  return run.events.flatMap((event) => {
    const rank = rankOf(event);
    if (rank === series.rank) return event;
    if (rank === Infinity || told.get(`${event.kind} ${event.step}`) !== rank) return [];
    return { ...event, message: TEXT.ofRank(rank, event.message) };
  });
}

function fillRow(row: HTMLLIElement, { kind, step, message, time }: RunEvent, hasCode: boolean): void {
  const { name, icon, severity } = KINDS[kind];
  const [svg, title, stepLink, text, code] = row.children as unknown as [SVGSVGElement, ...HTMLElement[]];
  setIcon(svg, icon);
  setAttribute(row, "data-severity", severity);
  setAttribute(row, "data-step", step);
  setAttribute(row, "title", formatTime(time));
  setText(title!, name);
  setText(stepLink!, step === null ? "" : TEXT.step(step));
  setHidden(stepLink!, step === null);
  setText(text!, message);
  setHidden(code!, !hasCode || isMark(kind)); // the update is not where a mark is made
}
