/** What happened in the run, latest first. */
import "./events.css";
import type { CodeLocation, EventKind, RunEvent } from "../../protocol/telemetry.ts";
import type { RunDetail, SeriesDetail } from "../../protocol/viewer.ts";
import { element, patchList, setAttribute, setHidden, setText } from "../dom.ts";
import { formatCount, formatSteps, formatTime, formatValue } from "../format.ts";
import { t } from "../l10n.ts";
import { createEventFilter, type EventFilter, passes } from "./event-filter.ts";
import { type EventGroup, groupEvents, isGroup, largestOf } from "./event-groups.ts";
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
    all: t("No events."),
    // Not that all is well: what is wrong with the whole run has no step.
    problems: t("No step stands out."),
    notes: t('No notes. A script makes one with gradsight.note("…").'),
    marks: t("No epochs or checkpoints."),
  } satisfies Record<EventFilter, string>,
  step: (n: number) => t("step {0}", formatCount(n)),
  stepHint: t("Show the steps around this one"),
  groupHint: t("Show these steps"),
  spikes: (n: number) => t("{0} spikes", formatCount(n)),
  skipped: (n: number) => t("{0} skipped steps", formatCount(n)),
  largest: (norm: string, factor: string, step: number) =>
    t("The largest norm is {0} ({1} times the recent median), at step {2}.", norm, factor, formatCount(step)),
  routine: t("Updates that the gradient scaler left out. A few are routine in half precision."),
  code: t("Go to code"),
  ofRank: (rank: number, message: string) => t("Rank {0}: {1}", rank, message),
  earlier: (n: number) => t("and {0} earlier", formatCount(n)),
};

const MOST_SHOWN = 200;

/** One line of the list. */
type Row =
  | { readonly event: RunEvent; readonly isMember: boolean }
  | { readonly group: EventGroup; readonly isOpen: boolean };

export interface EventsActions {
  showSteps(from: number, to: number): void;
  reveal(location: CodeLocation): void;
  choose(filter: EventFilter): void;
  /** Opens or closes a group. */
  toggle(group: string): void;
}

export class EventsView {
  readonly element: HTMLElement;
  readonly #count = element("span", { class: "aside-label" });
  readonly #none = element("p", { class: "aside-label" });
  readonly #filter: HTMLSelectElement;
  readonly #list = element("ol");
  readonly #earlier = element("p", { class: "aside-label" });
  readonly #actions: EventsActions;
  #site: CodeLocation | null = null;

  constructor(actions: EventsActions) {
    this.#actions = actions;
    this.#filter = createEventFilter(actions.choose);
    this.element = element(
      "section",
      { class: "panel events", "aria-labelledby": "events-title" },
      element("header", {}, element("h2", { id: "events-title" }, TEXT.title), this.#count, this.#filter),
      this.#none,
      element("div", { class: "scroll" }, this.#list),
      this.#earlier,
    );
  }

  /** `all`: of the run's events, those to show, of which `filter` leaves some; `open`: the groups that are. */
  show(
    run: RunDetail,
    series: SeriesDetail,
    all: readonly RunEvent[],
    filter: EventFilter,
    open: readonly string[],
  ): void {
    this.#site = series.site;
    const events = all.filter(({ kind }) => passes(filter, kind));
    const shown = rowsOf(groupEvents(events.toReversed()), open).slice(0, MOST_SHOWN);
    const earlier = untold(run, filter) + events.length - shown.reduce((sum, row) => sum + eventsIn(row), 0);
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
      (line, row) => {
        if ("group" in row) fillGroup(line, row.group, row.isOpen);
        else fillEvent(line, row.event, row.isMember);
        const kind = "group" in row ? row.group.kind : row.event.kind;
        // The update is not where a mark is made.
        setHidden(line.lastElementChild as HTMLElement, series.site === null || isMark(kind));
      },
    );
  }

  #createRow(): HTMLLIElement {
    const step = element("button", { type: "button", class: "link step" });
    const group = element("button", { type: "button", class: "group" }, element("span"), createIcon("chevron"));
    const row = element(
      "li",
      {},
      createIcon("info"),
      element("span", { class: "kind" }),
      group,
      step,
      element("span", { class: "message" }),
      element("button", { type: "button", class: "link code" }, TEXT.code),
    );
    group.addEventListener("click", () => this.#actions.toggle(row.dataset.group!));
    step.addEventListener("click", () => this.#actions.showSteps(Number(row.dataset.step), Number(row.dataset.to)));
    row.lastElementChild!.addEventListener("click", () => this.#site && this.#actions.reveal(this.#site));
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

const rowsOf = (entries: readonly (RunEvent | EventGroup)[], open: readonly string[]): Row[] =>
  entries.flatMap((entry): Row[] => {
    if (!isGroup(entry)) return [{ event: entry, isMember: false }];
    const isOpen = open.includes(entry.key);
    const members = isOpen ? entry.events.map((event) => ({ event, isMember: true })) : [];
    return [{ group: entry, isOpen }, ...members];
  });

/** How many events a line stands for: those of an open group have lines of their own. */
const eventsIn = (row: Row): number => ("event" in row ? 1 : row.isOpen ? 0 : row.group.events.length);

/** What of a line is the same for one event and for many; `steps`: null where it has none. */
function fillLine(
  line: HTMLLIElement,
  kind: EventKind,
  message: string,
  steps: { readonly from: number; readonly to: number; readonly text: string } | null,
): void {
  const [svg, , , step, text] = line.children as unknown as [SVGSVGElement, ...HTMLElement[]];
  const { icon, severity } = KINDS[kind];
  setIcon(svg, icon);
  setAttribute(line, "data-severity", severity);
  setAttribute(line, "data-step", steps?.from ?? null);
  setAttribute(line, "data-to", steps?.to ?? null);
  setText(step!, steps?.text ?? "");
  setHidden(step!, steps === null);
  setText(text!, message);
}

function fillEvent(line: HTMLLIElement, { kind, step, message, time }: RunEvent, isMember: boolean): void {
  const [, title, group, link] = line.children as unknown as [SVGSVGElement, ...HTMLElement[]];
  fillLine(line, kind, message, step === null ? null : { from: step, to: step, text: TEXT.step(step) });
  setAttribute(line, "data-member", isMember);
  setAttribute(line, "title", formatTime(time));
  setText(title!, KINDS[kind].name);
  setHidden(title!, false);
  setHidden(group!, true);
  setAttribute(link!, "title", TEXT.stepHint);
}

function fillGroup(line: HTMLLIElement, group: EventGroup, isOpen: boolean): void {
  const [, title, toggle, link] = line.children as unknown as [SVGSVGElement, ...HTMLElement[]];
  const { kind, events, key } = group;
  const steps = events.map(({ step }) => step!);
  const [from, to] = [Math.min(...steps), Math.max(...steps)];
  const largest = largestOf(group);
  const message = largest
    ? TEXT.largest(formatValue(largest.norm), formatValue(largest.factor), largest.step)
    : kind === "skipped"
      ? TEXT.routine
      : "";
  fillLine(line, kind, message, { from, to, text: formatSteps(from, to) });
  setAttribute(line, "data-member", null);
  setAttribute(line, "data-group", key);
  setAttribute(line, "title", null);
  setHidden(title!, true);
  setHidden(toggle!, false);
  setText(toggle!.firstElementChild!, (kind === "spike" ? TEXT.spikes : TEXT.skipped)(events.length));
  setAttribute(toggle!, "aria-expanded", String(isOpen));
  setAttribute(link!, "title", TEXT.groupHint);
}
