import type { RunSummary } from "../../../protocol/viewer.ts";
import type { StoredAttempt } from "../store/attempts.ts";
import type { StoredRun } from "../store/runs.ts";

export interface RunEnd {
  readonly status: RunSummary["status"];
  readonly error: string | null;
  readonly exitCode: number | null;
}

export interface RankEnd extends RunEnd {
  readonly attempt: StoredAttempt;
}

/** What one rank makes of a run: the first of these that any rank has is the run's. */
const ORDER: readonly RunSummary["status"][] = ["running", "failed", "interrupted", "lost", "finished"];

/**
 * How each rank stands, by its newest attempt, of those that were started together last. One that neither ended nor is
 * connected counts as running for a while yet, because a probe comes back after the editor was reloaded; then it is lost.
 */
export function rankEnds(
  attempts: readonly StoredAttempt[],
  connected: ReadonlySet<number>,
  now: number,
  lostAfter: number,
): RankEnd[] {
  const group = attempts.at(-1)?.group;
  const latest = attempts.filter((attempt) => attempt.group === group);
  const newest = new Map(latest.map((attempt) => [attempt.rank, attempt]));
  return [...newest.values()].map((attempt) => {
    const { key, status, aliveAt, error, exitCode } = attempt;
    const alive = connected.has(key) || now - aliveAt < lostAfter;
    return { status: status ?? (alive ? "running" : "lost"), error, exitCode, attempt };
  });
}

/** How the run stands, by its ranks. */
export function runEnd(ends: readonly RankEnd[]): RunEnd {
  const end = ORDER.flatMap((status) => ends.find((candidate) => candidate.status === status) ?? []);
  return end[0] ?? { status: "lost", error: null, exitCode: null };
}

/** Whether an import of this run is under way, or was cut off by a crash: it is shown once all of it is here. */
export function isArriving({ source }: StoredRun, attempts: readonly StoredAttempt[]): boolean {
  return source !== null && (attempts.length === 0 || attempts.some(({ status }) => status === null));
}
