import type { RunEvent } from "../../protocol/telemetry.ts";

/**
 * Has the user switched the series' clipping off while the run went on? The threshold that was seen last is none then, nor is a clip
 * rate. `series`: by the id that its events have.
 */
export function isSwitchedOff(events: readonly RunEvent[], series: string): boolean {
  const last = events.findLast(
    (event) => event.kind === "threshold" && event.series === series && event.data.by === "user",
  );
  return last !== undefined && last.data.to === null;
}
