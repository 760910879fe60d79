/** An imported run's way into the store: as telemetry, through the door that a probe's takes. */
import type { RunSource } from "../../../protocol/exchange.ts";
import { type Column, encodeFrame } from "../../../protocol/frame.ts";
import { SCALARS } from "../../../protocol/scalars.ts";
import type { RunInfo, SeriesInfo } from "../../../protocol/telemetry.ts";
import { PROTOCOL_VERSION } from "../../../protocol/version.ts";
import type { Attempt } from "../probe/attempt.ts";
import type { Commits } from "../probe/commits.ts";
import type { Ingest } from "../probe/ingest.ts";
import type { Store } from "../store/store.ts";
import { BadFile } from "./log-file.ts";
import { type About, type LayerRow, type Part, type ProcessAbout, processKey } from "./log-format.ts";
import type { StagedLog } from "./staged-log.ts";
import { type Steps, stretchOf } from "./staged-steps.ts";

export interface ImportTarget {
  readonly store: Store;
  readonly ingest: Ingest;
  readonly commits: Commits;
}

/** Of one frame: steps, and norms of layers. */
const MOST_STEPS = 1000;
const MOST_VALUES = 2 ** 20;
const EVENTS_AT_ONCE = 1000;

/** What goes into one frame. */
interface Page {
  readonly steps: Steps;
  readonly layers: readonly LayerRow[];
}

interface Process {
  readonly about: ProcessAbout;
  readonly attempt: Attempt;
  readonly parts: readonly Part[];
  seq: number;
}

export class Delivery {
  private readonly target: ImportTarget;
  private readonly info: RunInfo;
  private readonly source: RunSource;
  private readonly staged: StagedLog;
  private readonly changedAt: number;
  private readonly about: About;

  /** `changedAt`: Unix seconds of the file's last change, the time of what has none of its own. */
  constructor(
    target: ImportTarget,
    info: RunInfo,
    source: RunSource,
    staged: StagedLog,
    changedAt: number,
    about: About,
  ) {
    this.target = target;
    this.info = info;
    this.source = source;
    this.staged = staged;
    this.changedAt = changedAt;
    this.about = about;
  }

  /** `onSteps` is told how many steps have come over. */
  async run(signal: AbortSignal, onSteps: (steps: number) => void): Promise<void> {
    const { store } = this.target;
    const { id } = this.info;
    const { tags, note } = this.about;
    const wasHere = store.runs.find(id) !== null;
    try {
      store.transaction(() => {
        store.runs.putImported(this.info, this.source, Date.now() / 1000);
        if (tags && !wasHere) store.runs.tag(id, tags);
        if (note && !wasHere) store.runs.note(id, note);
      });
      await this.deliver(signal, onSteps);
    } catch (error) {
      this.target.commits.flush();
      if (!wasHere) {
        store.transaction(() => store.runs.forget(id));
        store.shrinkInTime();
      }
      throw error;
    }
  }

  private async deliver(signal: AbortSignal, onSteps: (steps: number) => void): Promise<void> {
    const { ingest, commits, store } = this.target;
    const processes = this.processes();
    let steps = 0;
    for (const process of processes)
      for (const part of process.parts)
        for (const page of this.pages(part)) {
          signal.throwIfAborted();
          ingest.frame(process.attempt, this.frame(process, part, page));
          process.seq += 1;
          steps += page.steps.steps.length;
          onSteps(steps);
          await new Promise((resolve) => setImmediate(resolve));
        }
    await this.tell(processes, signal);
    commits.flush();
    this.checkKept(processes);
    // Last of all, because what has ended has arrived.
    for (const { about, attempt, seq } of processes) {
      const { error, exitCode, lastSeen: time, story } = about;
      ingest.end(attempt, { type: "end", seq, status: about.status ?? "interrupted", error, exitCode, time, story });
    }
    this.checkKept(processes);
    if (!store.runs.find(this.info.id)) throw new BadFile("The run was deleted while it was imported.");
  }

  /** Those that the file tells of, and those that its steps are of. */
  private processes(): Process[] {
    const parts = this.staged.partsInOrder;
    const worldSize = Math.max(0, ...parts.map(({ rank }) => rank)) + 1;
    const ofProcess = Map.groupBy(parts, processKey);
    const told = new Map(this.about.processes);
    for (const [key, [part]] of ofProcess) if (!told.has(key)) told.set(key, this.untold(part!, worldSize));
    return [...told].map(([key, about]) => {
      const own = ofProcess.get(key) ?? [];
      const undeclared = own.filter(({ series }) => about.series.every(({ id }) => id !== series));
      const hello = {
        protocol: PROTOCOL_VERSION,
        run: this.info,
        attempt: attemptId(about.attempt),
        rank: about.rank,
        worldSize: about.worldSize,
        group: about.group,
        control: null,
        series: [
          ...about.series,
          ...undeclared.map((part) => seriesInfo(part.series, this.staged.cells.tablesOf(part))),
        ],
      };
      const attempt = this.target.ingest.open({ type: "hello", ...hello }, about.lastSeen);
      return { about, attempt, parts: own, seq: 0 };
    });
  }

  private untold({ rank, attempt }: Part, worldSize: number): ProcessAbout {
    const { exitCode = null } = this.about;
    return {
      rank,
      attempt,
      worldSize,
      group: worldSize > 1 ? attemptId(attempt) : null,
      lastSeen: this.staged.steps.times?.last ?? this.changedAt,
      status: exitCode === null || exitCode === 0 ? "finished" : "failed",
      error: null,
      exitCode,
      story: null,
      series: [],
    };
  }

  /** As few as there can be: a frame has so many steps and values at most, and its layers are of one table. */
  private *pages(part: Part): Generator<Page> {
    const { steps: staged, layers } = this.staged;
    for (let after = -1; after < Number.MAX_SAFE_INTEGER; ) {
      const { isLast, ...steps } = staged.page(part, after, MOST_STEPS);
      const last = isLast ? Number.MAX_SAFE_INTEGER : steps.steps.at(-1)!;
      for (let taken = 0; after < last; ) {
        const { rows, next } = layers.page(part, after, last, MOST_VALUES);
        after = next === null ? last : next - 1;
        const before = taken;
        while (taken < steps.steps.length && steps.steps[taken]! <= after) taken += 1;
        if (taken > before || rows.length > 0) yield { steps: stretchOf(steps, before, taken), layers: rows };
      }
    }
  }

  private async tell(processes: readonly Process[], signal: AbortSignal): Promise<void> {
    const { events } = this.staged;
    const byKey = new Map(processes.map((process) => [processKey(process.about), process]));
    for (
      let page = events.page(0, EVENTS_AT_ONCE);
      page.length > 0;
      page = events.page(page.at(-1)!.key, EVENTS_AT_ONCE)
    ) {
      signal.throwIfAborted();
      for (const { entry } of page) {
        const process = byKey.get(processKey(entry.process))!;
        this.target.ingest.event(process.attempt, { type: "event", seq: process.seq, event: entry.event, story: null });
        process.seq += 1;
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  private checkKept(processes: readonly Process[]): void {
    if (processes.some(({ attempt }) => attempt.broken))
      throw new Error("The store of runs could not be written to; the log says why.");
  }

  private frame(
    { attempt: { run, attempt, rank }, seq }: Process,
    { series }: Part,
    { steps, layers }: Page,
  ): Uint8Array {
    const n = steps.steps.length;
    const present = new Uint32Array(n);
    const scalars: Record<string, Column> = {};
    for (const [name, values] of steps.values) {
      for (const [i, value] of values.entries()) if (value !== undefined) present[i]! |= 1 << SCALARS[name].bit;
      scalars[name] = { dtype: "F64", shape: [n], data: Float64Array.from(values, (value) => value ?? Number.NaN) };
    }
    const times = steps.times.map((time) => (Number.isNaN(time) ? this.changedAt : time));
    const metadata = { protocol: String(PROTOCOL_VERSION), run, attempt, rank: String(rank), seq: String(seq), series };
    const [sample] = layers;
    return encodeFrame({
      metadata: sample ? { ...metadata, layers: sample.table } : metadata,
      columns: {
        step: stepColumn(steps.steps),
        time: { dtype: "F64", shape: [n], data: times },
        ...scalars,
        present: { dtype: "U32", shape: [n], data: present },
        flags: { dtype: "U8", shape: [n], data: steps.flags },
        ...(steps.rates && { group_lr: { dtype: "F64", shape: [n, steps.rates.length / n], data: steps.rates } }),
        ...(sample && layerColumns(layers, (sample.norms ?? sample.weights)!.length)),
      },
    });
  }
}

/** As protocol/telemetry.ts describes them; `width`: how many layers there are. */
function layerColumns(rows: readonly LayerRow[], width: number): Record<string, Column> {
  const samples = (kind: "layer" | "weight", valuesOf: (row: LayerRow) => Float32Array | null) => {
    const taken = rows.filter((row) => valuesOf(row) !== null);
    const data = new Float32Array(taken.length * width);
    for (const [i, row] of taken.entries()) data.set(valuesOf(row)!, i * width);
    return {
      [`${kind}_step`]: stepColumn(taken.map(({ step }) => step)),
      [`${kind}_norm`]: { dtype: "F32", shape: [taken.length, width], data } satisfies Column,
    };
  };
  return {
    ...samples("layer", ({ norms }) => norms),
    ...(rows.some(({ weights }) => weights) && samples("weight", ({ weights }) => weights)),
  };
}

const stepColumn = (steps: ArrayLike<number> & Iterable<number>): Column => ({
  dtype: "I64",
  shape: [steps.length],
  data: BigInt64Array.from(steps, BigInt),
});

const attemptId = (number: number): string => `attempt-${number}`;

const seriesInfo = (series: string, layers: SeriesInfo["layers"]): SeriesInfo => ({
  id: series,
  label: series,
  optimizer: null,
  site: null,
  clip: null,
  layers,
  code: null,
  fixed: null,
});
