import type { RunSummary } from "../../../protocol/viewer.ts";
import type { StoredAttempt } from "../store/attempts.ts";

export interface RunEnd {
  readonly status: RunSummary["status"];
  readonly error: string | null;
  readonly exitCode: number | null;
}

/** What one rank makes of a run: the first of these that any rank has is the run's. */
const ORDER: readonly RunSummary["status"][] = ["running", "failed", "interrupted", "lost", "finished"];

/**
 * How a run stands, from the newest attempt of each rank. One that neither ended nor is connected counts as running for
 * a while yet, because a probe comes back after the editor was reloaded; then it is lost.
 */
export function runEnd(
  attempts: readonly StoredAttempt[],
  connected: ReadonlySet<number>,
  now: number,
  lostAfter: number,
): RunEnd {
  const newest = new Map(attempts.map((attempt) => [attempt.rank, attempt]));
  const ends = [...newest.values()].map(({ key, status, aliveAt, error, exitCode }): RunEnd => {
    const alive = connected.has(key) || now - aliveAt < lostAfter;
    return { status: status ?? (alive ? "running" : "lost"), error, exitCode };
  });
  const end = ORDER.flatMap((status) => ends.find((candidate) => candidate.status === status) ?? []);
  return end[0] ?? { status: "lost", error: null, exitCode: null };
}
