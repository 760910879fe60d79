/** The events of the steps on screen: of a long run, its detail leaves out some. */
import type { RunEvent } from "../../protocol/telemetry.ts";

export interface Steps {
  readonly from: number;
  readonly to: number;
}

/**
 * Steps that hold the window and, as a rule, some beside it, at most four times as many: they are the same for most windows that
 * one comes by when moving about, so that these ask for nothing.
 */
export function stepsAround({ from, to }: Steps): Steps {
  const size = 2 ** Math.ceil(Math.log2(Math.max(1, to - from)));
  const first = Math.floor(from / size) * size;
  return { from: first, to: first + 2 * size };
}

/** Both, each event once, oldest first. */
export function withEventsOf(all: readonly RunEvent[], window: readonly RunEvent[]): readonly RunEvent[] {
  const known = new Set(all.map(nameOf));
  const more = window.filter((event) => !known.has(nameOf(event)));
  return more.length === 0 ? all : [...all, ...more].sort((a, b) => a.time - b.time);
}

const nameOf = ({ kind, series, step, time, message }: RunEvent): string =>
  `${kind} ${series} ${step} ${time} ${message}`;
