import type { RunSummary } from "../../protocol/viewer.ts";

/**
 * The run that has begun since `before`, where the one on screen came to nothing: it ended without a step, so that who tries
 * again waits for the next one. A run with steps stays, as does one that the user goes back to later. null: stay.
 */
export function nextRun(
  shown: string | null,
  before: readonly RunSummary[],
  now: readonly RunSummary[],
): string | null {
  const run = now.find(({ id }) => id === shown);
  if (!run || run.status === "running" || run.steps > 0) return null;
  return now.find(({ id, status }) => status === "running" && !before.some((known) => known.id === id))?.id ?? null;
}
