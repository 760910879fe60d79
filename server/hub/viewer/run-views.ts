import type { SeriesInfo } from "../../../protocol/telemetry.ts";
import type { RankDetail, RunDetail, RunIncident, RunSummary, SeriesDetail } from "../../../protocol/viewer.ts";
import type { LiveControl } from "../probe/live-control.ts";
import type { RunModel } from "../runs/run-model.ts";
import { SeriesModel } from "../runs/series-model.ts";
import type { StoredAttempt } from "../store/attempts.ts";
import { seriesKey } from "../store/events.ts";
import type { StoredRun } from "../store/runs.ts";
import type { Store } from "../store/store.ts";
import { isArriving, type RankEnd, rankEnds, runEnd } from "./status.ts";
import { runStory } from "./story.ts";

/** Of each kind. */
export const MOST_EVENTS = 500;

/** Runs as viewers see them. */
export class RunViews {
  private readonly store: Store;
  private readonly connected: () => ReadonlySet<number>;
  private readonly lostAfter: number;
  private readonly controlOf: (run: string) => LiveControl | string;

  /**
   * `connected`: keys of the attempts whose probes are; `lostAfter`: seconds until one that isn't counts as lost; `controlOf`:
   * how to control a run, or why that is not possible.
   */
  constructor(
    store: Store,
    connected: () => ReadonlySet<number>,
    lostAfter: number,
    controlOf: (run: string) => LiveControl | string,
  ) {
    this.controlOf = controlOf;
    this.store = store;
    this.connected = connected;
    this.lostAfter = lostAfter;
  }

  /** Newest first. */
  summaries(): RunSummary[] {
    const attempts = Map.groupBy(this.store.attempts.list(), ({ run }) => run);
    const steps = this.store.series.stepsByRun();
    const incidents = this.store.events.incidents();
    return this.store.runs.list().flatMap((run) => {
      const ofRun = attempts.get(run.key) ?? [];
      return isArriving(run, ofRun)
        ? []
        : [this.summary(run, ofRun, steps.get(run.key) ?? 0, incidents.get(run.key) ?? null)];
    });
  }

  detail(run: StoredRun, model: RunModel): RunDetail {
    const attempts = this.store.attempts.list(run.key);
    const ends = this.ends(attempts);
    const { error, exitCode } = runEnd(ends);
    const series = this.seriesOf(run, model);
    const steps = Math.max(0, ...series.map((one) => one.steps));
    return {
      summary: this.summary(run, attempts, steps, this.store.events.incidents(run.key).get(run.key) ?? null),
      args: run.info.args,
      cwd: run.info.cwd,
      python: run.info.python,
      frameworkVersion: run.info.frameworkVersion,
      code: run.info.code ?? null, // of a run that was stored before probes told it, undefined
      error,
      exitCode,
      attempts: Math.max(0, ...[...Map.groupBy(attempts, ({ rank }) => rank).values()].map(({ length }) => length)),
      worldSize: attempts.at(-1)?.worldSize ?? 1,
      ranks: this.ranks(run, ends),
      series,
      events: this.store.events.latest(run.key, MOST_EVENTS),
      eventCounts: this.store.events.counts(run.key),
      story: runStory(attempts),
      control: this.control(run),
    };
  }

  /** Every series that was declared, as its newest attempt described it, those of rank 0 first. */
  private seriesOf(run: StoredRun, model: RunModel): SeriesDetail[] {
    const declared = new Map<string, { info: SeriesInfo; rank: number }>();
    for (const { info, rank } of this.store.series.list(run.key))
      declared.set(seriesKey(info.id, rank), { info, rank });
    return [...declared]
      .sort(([, a], [, b]) => a.rank - b.rank)
      .map(([id, { info, rank }]) => {
        const label = rank === 0 ? info.label : `${info.label.slice(0, 230)} (rank ${rank})`;
        return (model.series.get(id) ?? new SeriesModel()).detail(id, label, rank, info);
      });
  }

  private control({ id, key }: StoredRun): RunDetail["control"] {
    const control = this.controlOf(id);
    if (typeof control === "string") return null;
    const declared = new Map(this.store.series.list(key).map(({ info }) => [info.id, info]));
    return control.view([...declared.values()]);
  }

  /** By rank; none of a run that has but one. */
  private ranks(run: StoredRun, ends: readonly RankEnd[]): RankDetail[] {
    if (ends.every(({ attempt }) => attempt.worldSize < 2)) return [];
    const steps = Map.groupBy(this.store.series.list(run.key), ({ attempt }) => attempt);
    return ends
      .map(({ attempt: { key, rank, lastSeen }, status, error, exitCode }) => {
        const lastStep = Math.max(-1, ...(steps.get(key) ?? []).map((series) => series.lastStep));
        return { rank, status, lastStep, lastSeen, error, exitCode };
      })
      .sort((a, b) => a.rank - b.rank);
  }

  private summary(
    run: StoredRun,
    attempts: readonly StoredAttempt[],
    steps: number,
    incident: RunIncident | null,
  ): RunSummary {
    const control = this.controlOf(run.id);
    return {
      id: run.id,
      name: run.name,
      script: run.info.script,
      status: runEnd(this.ends(attempts)).status,
      startedAt: run.startedAt,
      lastSeen: Math.max(run.startedAt, ...attempts.map(({ lastSeen }) => lastSeen)),
      steps,
      framework: run.info.framework,
      starred: run.starred,
      tags: [...run.tags],
      note: run.note,
      source: run.source,
      incident,
      paused: typeof control === "string" ? null : control.paused,
    };
  }

  private ends(attempts: readonly StoredAttempt[]): RankEnd[] {
    return rankEnds(attempts, this.connected(), Date.now() / 1000, this.lostAfter);
  }
}
