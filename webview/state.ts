/** What the dashboard remembers across reloads of its page. */
import { finite, list, nullable, type Of, object, text, whole } from "../protocol/shape.ts";
import { host } from "./host.ts";
import { PLACES } from "./places.ts";
import { eventFilter } from "./views/event-filter.ts";

const shape = object({
  /** null: the latest run. */
  run: nullable(text(64)),
  /** The runs that it is compared with, each in its place. */
  others: list(nullable(text(64)), PLACES),
  /** By the name that all ranks have for it; null: the run's first series. */
  series: nullable(text(64)),
  /** Whose charts are shown, of a run with several ranks; null: what is the same on all. */
  rank: nullable(whole),
  /** Steps shown by all charts; null: the whole run, live. */
  window: nullable(object({ from: finite, to: finite })),
  /** The threshold that is tried out on the norms of the series; null: none yet. */
  whatIf: nullable(finite),
  /** The modules that the heat map was opened at, each inside the one before: their layers, by place and number. */
  modules: list(object({ name: text(2100), first: whole, layers: whole }), 64),
  /** The layer whose series is shown below the heat map. */
  layer: nullable(text(1024)),
  /** The charts whose table is open. */
  tables: list(text(64)),
  /** null: all. */
  events: nullable(eventFilter),
  /** The groups of events that are open, by their keys. */
  groups: list(text(64), 64),
});
export type DashboardState = Of<typeof shape>;

/** How a run, or a series of it, is shown at first. */
export const UNTOUCHED = {
  series: null,
  rank: null,
  window: null,
  whatIf: null,
  modules: [],
  layer: null,
  groups: [],
} satisfies Partial<DashboardState>;

function restore(): DashboardState {
  try {
    return shape(renewed(host.getState()));
  } catch {
    return { run: null, others: [], ...UNTOUCHED, tables: [], events: null };
  }
}

/** A page of an earlier version knew of one run to compare with. */
function renewed(kept: unknown): unknown {
  if (typeof kept !== "object" || kept === null || "others" in kept || !("other" in kept)) return kept;
  return { ...kept, others: kept.other === null ? [] : [kept.other] };
}

/** Milliseconds between two writings: who moves about the steps changes the state at each frame. */
const REST = 250;

let current = restore();
const listeners: (() => void)[] = [];
let resting: ReturnType<typeof setTimeout> | null = null;
let written = current;

/** Has the host write down what has changed: the first change at once, those that follow it soon after. */
function write(): void {
  if (resting !== null || written === current) return;
  written = current;
  host.setState(current);
  resting = setTimeout(() => {
    resting = null;
    write();
  }, REST);
}

function writeNow(): void {
  if (resting !== null) clearTimeout(resting);
  resting = null;
  write();
}
window.addEventListener("pagehide", writeNow);
document.addEventListener("visibilitychange", writeNow);

export const state = (): Readonly<DashboardState> => current;

export function changeState(change: Partial<DashboardState>): void {
  current = { ...current, ...change };
  write();
  for (const listener of listeners) listener();
}

export function onStateChange(listener: () => void): void {
  listeners.push(listener);
}
