/** Which of the runs the Runs view shows. */
import type { RunSummary } from "../../protocol/viewer.ts";

export type RunFilter = { readonly tag: string } | "starred" | null;

export function passes(run: RunSummary, filter: RunFilter): boolean {
  if (filter === null) return true;
  return filter === "starred" ? run.starred : run.tags.includes(filter.tag);
}

/** Of all runs, in the order of the alphabet. */
export const knownTags = (runs: readonly RunSummary[]): string[] =>
  [...new Set(runs.flatMap(({ tags }) => tags))].sort((a, b) => a.localeCompare(b));
