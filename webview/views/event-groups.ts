/** Events of a kind that comes often, as one entry of the list: twenty spikes say less one by one than together. */
import type { EventKind, RunEvent } from "../../protocol/telemetry.ts";

export interface EventGroup {
  readonly kind: EventKind;
  /** Latest first; all have a step. */
  readonly events: readonly RunEvent[];
  /** The same while more events come. */
  readonly key: string;
}

/** Fewer are listed one by one. */
const FEWEST = 5;
const GROUPED: ReadonlySet<EventKind> = new Set(["spike", "skipped"]);
/** They say where the training is, or what somebody thought, and don't part what lies around them. */
const PASSED_OVER: ReadonlySet<EventKind> = new Set(["epoch", "checkpoint", "note"]);

/** `events`: latest first. A group stands where its latest event would, and ends where something else happened to the run. */
export function groupEvents(events: readonly RunEvent[]): (RunEvent | EventGroup)[] {
  const lots: RunEvent[][] = [];
  let open = new Map<EventKind, RunEvent[]>();
  for (const event of events) {
    const { kind, step } = event;
    const lot = open.get(kind);
    if (!GROUPED.has(kind) || step === null) {
      if (!PASSED_OVER.has(kind)) open = new Map();
      lots.push([event]);
    } else if (lot) lot.push(event);
    else {
      const begun = [event];
      open.set(kind, begun);
      lots.push(begun);
    }
  }
  const places = new Map(events.map((event, i) => [event, i]));
  return lots
    .flatMap((lot): (RunEvent | EventGroup)[] => {
      const [{ kind }] = lot as [RunEvent];
      return lot.length < FEWEST ? lot : [{ kind, events: lot, key: `${kind} ${lot.at(-1)!.step}` }];
    })
    .sort((a, b) => places.get(latestOf(a))! - places.get(latestOf(b))!);
}

export const isGroup = (entry: RunEvent | EventGroup): entry is EventGroup => "events" in entry;

const latestOf = (entry: RunEvent | EventGroup): RunEvent => (isGroup(entry) ? entry.events[0]! : entry);

export interface Largest {
  readonly step: number;
  readonly norm: number;
  /** Times the norms before it. */
  readonly factor: number;
}

/** The largest of a group of spikes; null where they don't tell their norms. */
export function largestOf({ events }: EventGroup): Largest | null {
  let largest: Largest | null = null;
  for (const { step, data } of events) {
    const [norm, median] = [numberOf(data.norm), numberOf(data.median)];
    if (norm > (largest?.norm ?? 0) && median > 0) largest = { step: step!, norm, factor: norm / median };
  }
  return largest;
}

const numberOf = (told: unknown): number => (typeof told === "number" ? told : Number.NaN);
