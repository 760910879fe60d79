import type { Story } from "../../../protocol/telemetry.ts";
import type { StoredAttempt } from "../store/attempts.ts";
import { seriesKey } from "../store/events.ts";

/**
 * What is told of a run that went wrong, by the newest attempt of each rank: a rank that goes bad takes the others along,
 * so that the one which did so first has the story.
 */
export function runStory(attempts: readonly StoredAttempt[]): Story | null {
  const newest = [...new Map(attempts.map((attempt) => [attempt.rank, attempt])).values()];
  const told = newest.flatMap(({ rank, story }) => (story ? [{ rank, story }] : []));
  const beganAt = ({ story }: { story: Story }) => story.incident?.time ?? Number.POSITIVE_INFINITY;
  const first = told.toSorted((a, b) =>
    beganAt(a) < beganAt(b) ? -1 : beganAt(a) > beganAt(b) ? 1 : a.rank - b.rank,
  )[0];
  if (!first) return null;
  const { incident, sections } = first.story;
  return { sections, incident: incident && { ...incident, series: seriesKey(incident.series, first.rank) } };
}
