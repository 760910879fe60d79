import { realpathSync } from "node:fs";
import type { CodeLocation, RunEvent, SeriesInfo } from "../../../protocol/telemetry.ts";
import type { RunSummary } from "../../../protocol/viewer.ts";
import type { LoadedRuns } from "../runs/loaded-runs.ts";
import type { SeriesModel } from "../runs/series-model.ts";
import type { StoredRun } from "../store/runs.ts";
import type { Store } from "../store/store.ts";
import type { Log } from "../thread.ts";
import type { RunViews } from "../viewer/run-views.ts";
import type { ObservedUpdate } from "./observed-update.ts";

/** Milliseconds between two looks at what changed. */
const PERIOD = 1000;
/** Runs of one file that are told of, the newest. */
const MOST_RUNS = 5;
/** Events of a run that are looked at, the latest of each kind. */
const MOST_EVENTS = 1000;
const TELLING = ["explosion", "nonfinite", "warning"] as const;

/** A run without its place in any file. */
type Seen = Omit<ObservedUpdate, "file" | "hash" | "ranCells" | `${"site" | "clip"}${"Line" | "Cell"}`> & {
  readonly site: CodeLocation | null;
  readonly clip: CodeLocation | null;
};

interface Entry {
  /** Another one once the run has changed. */
  readonly mark: string;
  readonly script: string | null;
  readonly scriptHash: string | null;
  readonly ranCells: readonly string[] | null;
  readonly updates: readonly Seen[];
}

/**
 * Tells what the latest runs saw at the updates of the files that are open in the editor, and again when that changes. Of a
 * run that is under way only an explosion is told: what else it has to say changes with every step.
 */
export class ObservedRuns {
  private readonly store: Store;
  private readonly loaded: LoadedRuns;
  private readonly views: RunViews;
  private readonly tell: (updates: readonly ObservedUpdate[]) => void;
  private readonly log: Log;
  /** By its real path, as it was asked for. */
  private files = new Map<string, string>();
  private readonly known = new Map<string, Entry>();
  /** The files that a run's updates and clips are in, by its id. */
  private readonly places = new Map<string, { readonly mark: string; readonly files: ReadonlySet<string> }>();
  private timer: NodeJS.Timeout | null = null;
  private looking = false;
  private closed = false;
  private unsettled = false;
  private stamp = "";
  private told = "[]";

  constructor(
    store: Store,
    loaded: LoadedRuns,
    views: RunViews,
    tell: (updates: readonly ObservedUpdate[]) => void,
    log: Log,
  ) {
    this.store = store;
    this.loaded = loaded;
    this.views = views;
    this.tell = tell;
    this.log = log;
  }

  /** These are open now, and no others. */
  watch(files: readonly string[]): void {
    this.files = new Map(files.map((file) => [realPath(file), file]));
    this.stamp = "";
    this.schedule(0);
  }

  close(): void {
    this.closed = true;
    if (this.timer) clearTimeout(this.timer);
  }

  private schedule(delay: number): void {
    if (this.closed || this.looking) return;
    if (this.timer) clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.look(), delay);
  }

  private async look(): Promise<void> {
    this.looking = true;
    try {
      const { stamp } = this.store;
      // Whether a run is lost depends on the clock.
      if (stamp !== this.stamp || this.unsettled) {
        this.stamp = stamp;
        const updates = this.files.size > 0 ? await this.updates() : [];
        const json = JSON.stringify(updates);
        if (json !== this.told && !this.closed) this.tell(updates);
        this.told = json;
      }
    } catch (error) {
      if (!this.closed) this.log("warn", `What runs saw could not be told: ${(error as Error).message}`);
    }
    this.looking = false;
    if (this.files.size > 0) this.schedule(this.stamp === "" ? 0 : PERIOD);
  }

  private async updates(): Promise<ObservedUpdate[]> {
    const updates: ObservedUpdate[] = [];
    const left = new Map([...this.files.keys()].map((file) => [file, MOST_RUNS]));
    this.unsettled = false;
    for (const summary of this.views.summaries()) {
      const run = this.store.runs.find(summary.id);
      if (!run) continue;
      const files = [...this.filesOf(run)].filter((file) => left.get(file));
      if (files.length === 0) continue;
      const entry = await this.entryOf(run, summary);
      for (const file of files) {
        const placed = entry.updates.flatMap((seen) => placedIn(file, this.files.get(file)!, entry, seen) ?? []);
        updates.push(...placed);
        if (placed.length > 0) left.set(file, left.get(file)! - 1);
      }
    }
    return updates;
  }

  private filesOf({ id, key }: StoredRun): ReadonlySet<string> {
    const mark = this.store.attempts
      .list(key)
      .map((attempt) => `${attempt.key} ${attempt.nextSeq} ${attempt.status}`)
      .join();
    const known = this.places.get(id);
    if (known?.mark === mark) return known.files;
    const files = new Set<string>();
    for (const { info } of this.store.series.list(key))
      for (const place of [info.site, info.clip?.location]) if (place) files.add(realPath(place.file));
    this.places.set(id, { mark, files });
    return files;
  }

  private async entryOf(run: StoredRun, summary: RunSummary): Promise<Entry> {
    const { id, status, steps } = summary;
    const mark = `${this.places.get(id)?.mark} ${steps} ${status}`;
    const isUnderWay = status === "running";
    if (isUnderWay) this.unsettled = true;
    const known = this.known.get(id);
    if (known?.mark === mark) return known;
    const model = await this.loaded.get(run.key);
    const events = this.store.events.latest(run.key, MOST_EVENTS, TELLING);
    const declared = new Map<string, SeriesInfo>();
    for (const { info, rank } of this.store.series.list(run.key)) if (rank === 0) declared.set(info.id, info);
    const updates = [...declared].flatMap(([series, info]) => {
      const one = model.series.get(series);
      const seen = one ? updateSeen(summary, info, one, events) : null;
      return seen && seen.steps > 0 && (seen.explosion || !isUnderWay) ? [seen] : [];
    });
    const entry = {
      mark,
      script: run.info.script && realPath(run.info.script),
      scriptHash: run.info.code?.scriptHash ?? null,
      ranCells: run.info.code?.cells ?? null,
      updates,
    };
    this.known.set(id, entry);
    return entry;
  }
}

function updateSeen(run: RunSummary, info: SeriesInfo, series: SeriesModel, events: readonly RunEvent[]): Seen {
  const { id, optimizer, site, clip } = info;
  const outcome = series.outcome();
  const { explosion } = outcome;
  const mine = events.filter((event) => event.series === id);
  const began = mine.find(
    ({ kind, step }) =>
      (kind === "explosion" || kind === "nonfinite") && explosion && step !== null && step > explosion.after,
  );
  const scales = mine.flatMap(({ kind, data }) =>
    kind === "warning" && typeof data.scale === "number" ? [data.scale] : [],
  );
  return {
    ...outcome,
    run: run.id,
    startedAt: run.startedAt,
    seenAt: began?.time ?? run.startedAt,
    optimizer,
    site,
    clip: clip?.location ?? null,
    clips: clip !== null,
    lastStep: series.lastStep,
    clippedScale: scales[0] ?? null,
    diagnoses: series.diagnoses(info),
  };
}

function placedIn(real: string, file: string, entry: Entry, { site, clip, ...seen }: Seen): ObservedUpdate | null {
  const within = (place: CodeLocation | null) => (place && realPath(place.file) === real ? place : null);
  const [here, clipHere] = [within(site), within(clip)];
  if (!here && !clipHere) return null;
  return {
    ...seen,
    file,
    siteLine: here?.line ?? null,
    clipLine: clipHere?.line ?? null,
    siteCell: here?.cell ?? null,
    clipCell: clipHere?.cell ?? null,
    ranCells: entry.ranCells,
    hash: entry.script === real ? entry.scriptHash : null,
  };
}

const realPaths = new Map<string, string>();

/** A file that is gone, or no file (`<stdin>`), is what it is called. */
function realPath(path: string): string {
  let real = realPaths.get(path);
  if (real === undefined) {
    try {
      real = realpathSync(path);
    } catch {
      return path;
    }
    realPaths.set(path, real);
  }
  return real;
}
