/** Which events are listed. */
import "./event-filter.css";
import { type Of, oneOf } from "../../protocol/shape.ts";
import type { EventKind } from "../../protocol/telemetry.ts";
import { element } from "../dom.ts";
import { t } from "../l10n.ts";

const FILTERS = ["all", "problems", "notes", "marks"] as const;
export const eventFilter = oneOf(...FILTERS);
export type EventFilter = Of<typeof eventFilter>;

const NAMES: Record<EventFilter, string> = {
  all: t("All"),
  problems: t("Problems"),
  notes: t("Notes"),
  marks: t("Marks"),
};

/** Each kind is in one of the groups. Marks say where the training is, and not how it goes. */
const GROUPS: Record<EventKind, Exclude<EventFilter, "all">> = {
  nonfinite: "problems",
  explosion: "problems",
  spike: "problems",
  vanishing: "problems",
  warning: "problems",
  gap: "problems",
  skipped: "problems",
  note: "notes",
  restart: "marks",
  threshold: "marks",
  epoch: "marks",
  checkpoint: "marks",
};

export const passes = (filter: EventFilter, kind: EventKind): boolean => filter === "all" || GROUPS[kind] === filter;

export function createEventFilter(choose: (filter: EventFilter) => void): HTMLSelectElement {
  const options = FILTERS.map((filter) => element("option", { value: filter }, NAMES[filter]));
  const select = element("select", { class: "event-filter", "aria-label": t("Events listed") }, ...options);
  select.addEventListener("change", () => choose(eventFilter(select.value)));
  return select;
}
