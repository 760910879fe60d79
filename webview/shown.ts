/** What of the hub's runs is on screen, by what the user chose and what there is. */
import type { RunDetail, RunSummary, SeriesDetail } from "../protocol/viewer.ts";
import type { Feed } from "./hub/feed.ts";
import { type Places, remaining } from "./places.ts";
import type { DashboardState } from "./state.ts";
import type { PlaceholderKind } from "./views/placeholder.ts";

/** The run on screen: the chosen one, or else the latest. */
export function shownRun(runs: readonly RunSummary[], chosen: string | null): string | null {
  if (chosen !== null && runs.some(({ id }) => id === chosen)) return chosen;
  return runs.reduce<RunSummary | null>((a, b) => (a && a.startedAt >= b.startedAt ? a : b), null)?.id ?? null;
}

/** The runs to compare with, without those that are gone. `runs`: null while they are not known. */
export const knownOthers = (runs: readonly RunSummary[] | null, others: Places): Places =>
  runs === null ? others : remaining(others, (run) => runs.some(({ id }) => id === run));

/** The series on screen, as the chosen rank told it, or, where none is, as is the same on all. */
export function shownSeries(
  run: RunDetail | null,
  { series: chosen, rank }: Pick<DashboardState, "series" | "rank">,
): SeriesDetail | null {
  const all = run?.series ?? [];
  const name = chosen ?? all[0]?.name;
  const ofAllRanks = all.filter((series) => series.name === name);
  return ofAllRanks.find((series) => series.rank === rank) ?? ofAllRanks[0] ?? all[0] ?? null;
}

/** The series of a run that is to be compared with one of another: of the same name, or else its first. */
export const counterpart = ({ series }: RunDetail, { name, rank }: SeriesDetail): SeriesDetail | null =>
  series.find((one) => one.name === name && one.rank === rank) ??
  series.find((one) => one.name === name) ??
  series[0] ??
  null;

/** Why there is no chart of the series; null: there is one. */
export function placeholderKind(
  { runs, hub, problem, detail }: Pick<Feed, "runs" | "hub" | "problem" | "detail">,
  series: SeriesDetail | null,
): PlaceholderKind | null {
  if (runs === null && hub.state !== "connected") return hub.state;
  if (runs === null) return problem === null ? "loading" : "failed";
  if (runs.length === 0) return hub.state === "connected" ? "empty" : hub.state;
  if (detail === null) return problem === null ? "loading" : "failed";
  if (series !== null && series.steps > 0) return null;
  const { status } = detail.summary;
  return status === "running" ? "no-steps" : status === "finished" ? "unseen" : "ended-early";
}
