/** Takes a log that another program wrote for a run, and tells the store of it as a probe would. */
import { createHash } from "node:crypto";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";
import type { RunSource, SourceColumns } from "../../../protocol/exchange.ts";
import { type Column, encodeFrame } from "../../../protocol/frame.ts";
import { SCALAR_NAMES, SCALARS, type Scalar } from "../../../protocol/scalars.ts";
import type { RunInfo, SeriesInfo } from "../../../protocol/telemetry.ts";
import { PROTOCOL_VERSION } from "../../../protocol/version.ts";
import type { Attempt } from "../probe/attempt.ts";
import type { Commits } from "../probe/commits.ts";
import type { Ingest } from "../probe/ingest.ts";
import type { Store } from "../store/store.ts";
import { isArriving } from "../viewer/status.ts";
import { BadFile, LogFile } from "./log-file.ts";
import type { About, Part, Row } from "./log-format.ts";
import { logSourceOf } from "./log-source.ts";
import { formatOf } from "./read/index.ts";
import { StagedSteps, type Steps } from "./staged-steps.ts";

export interface ImportTarget {
  readonly store: Store;
  readonly ingest: Ingest;
  readonly commits: Commits;
}

export interface ImportOptions {
  readonly path: string;
  readonly columns: SourceColumns;
  readonly signal: AbortSignal;
  readonly onProgress: (done: number) => void;
}

/** The name of the series of a log that knows of one training alone. */
const SERIES = "imported";
const STEPS_A_FRAME = 1000;
/** Share of the work that reading is. */
const READING = 0.7;

/**
 * All or nothing: an import that was cancelled or failed leaves no run. The id follows from the content and from what was
 * taken of it, so that the same import once more finds the run (`added` is false), and completes one that a crash cut off. A
 * log that has grown since takes the place of the run that it was before, with what the user said of it.
 * @throws {BadFile}
 */
export async function importRun(
  target: ImportTarget,
  options: ImportOptions,
): Promise<{ run: string; added: boolean }> {
  const { signal, onProgress } = options;
  const columns = knownColumns(options.columns);
  const log = await logSourceOf(options.path);
  const { path } = log;
  const file = await LogFile.open(log, signal, (done) => onProgress(done * READING));
  const staged = await StagedSteps.open();
  try {
    const format = await formatOf(file);
    const earlier = target.store.runs
      .list()
      .filter(({ source }) => source && [path, ...log.files].includes(source.file));
    for (const { source } of earlier) file.mark(source!.size);
    const about: About = {};
    for await (const row of format.rows(file, about)) take(row, columns, about, staged);
    const count = staged.count;
    if (count === 0) throw new BadFile(`${file.name} holds none of the columns that were chosen.`);
    const id = `import-${createHash("sha256")
      .update(`${file.digest} ${JSON.stringify(columns)}`)
      .digest("hex")
      .slice(0, 40)}`;
    if (isHere(target.store, id)) return { run: id, added: false };
    const { taken: size, digest } = file;
    const source: RunSource = { format: format.id, file: path, columns: Object.fromEntries(columns), size, digest };
    await new Delivery(target, runInfo(id, file, about, staged), source, staged, file.changedAt, about).run(
      signal,
      (steps) => onProgress(READING + (1 - READING) * (steps / count)),
    );
    for (const run of earlier)
      if (isContinued(run.source!, source, file)) target.store.transaction(() => target.store.runs.replace(run.id, id));
    return { run: id, added: true };
  } finally {
    staged.close();
    await file.close();
  }
}

/** In the order of the scalars, so that the same choice is the same text. */
function knownColumns(columns: SourceColumns): [Scalar, string][] {
  return SCALAR_NAMES.flatMap((scalar) => {
    const name = Object.hasOwn(columns, scalar) ? columns[scalar] : undefined;
    return name === undefined ? [] : [[scalar, name]];
  });
}

function take(row: Row, columns: readonly [Scalar, string][], about: About, staged: StagedSteps): void {
  const { step, time, values, own } = row;
  if (row.voidsFrom) {
    staged.forget(SERIES, step);
    return;
  }
  const scalars: Partial<Record<Scalar, number>> = {};
  for (const [scalar, name] of columns) {
    if (!Object.hasOwn(values, name)) continue;
    scalars[scalar] = values[name]!;
    if (scalar === "norm_pre" && name === about.clipping?.norm) scalars.threshold ??= about.clipping.threshold;
  }
  if (own) staged.put(own.part, step, time, own.flags, scalars);
  else if (Object.keys(scalars).length > 0) staged.putUncounted(SERIES, step, time, scalars);
}

/** Whether the file is what it was, and more behind it. */
function isContinued(before: RunSource, now: RunSource, file: LogFile): boolean {
  const sameChoice = JSON.stringify(before.columns) === JSON.stringify(now.columns);
  return sameChoice && before.size < now.size && file.digestAt(before.size) === before.digest;
}

function isHere(store: Store, id: string): boolean {
  const run = store.runs.find(id);
  return run !== null && !isArriving(run, store.attempts.list(run.key));
}

function runInfo(id: string, file: LogFile, about: About, staged: StagedSteps): RunInfo {
  const { path } = file;
  return {
    id,
    name: (about.name || join(basename(dirname(path)), file.name)).slice(0, 256),
    script: about.script?.slice(0, 4096) ?? null,
    args: (about.args ?? []).map((arg) => arg.slice(0, 4096)),
    cwd: dirname(path),
    python: about.python?.slice(0, 256) ?? "",
    framework: about.framework?.slice(0, 64) ?? null,
    frameworkVersion: about.frameworkVersion?.slice(0, 64) ?? null,
    host: hostname().slice(0, 256),
    pid: 0,
    startedAt: about.startedAt ?? staged.times?.first ?? file.changedAt,
    code: null,
  };
}

/** The run's way into the store. */
class Delivery {
  private readonly target: ImportTarget;
  private readonly info: RunInfo;
  private readonly source: RunSource;
  private readonly staged: StagedSteps;
  private readonly changedAt: number;
  private readonly about: About;

  /** `changedAt`: Unix seconds of the file's last change, the time of what has none of its own. */
  constructor(
    target: ImportTarget,
    info: RunInfo,
    source: RunSource,
    staged: StagedSteps,
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
    const wasHere = store.runs.find(id) !== null;
    try {
      store.transaction(() => store.runs.putImported(this.info, this.source, Date.now() / 1000));
      await this.deliver(signal, onSteps);
    } catch (error) {
      this.target.commits.flush();
      if (!wasHere) store.transaction(() => store.runs.forget(id));
      throw error;
    }
  }

  private async deliver(signal: AbortSignal, onSteps: (steps: number) => void): Promise<void> {
    const { ingest, commits, store } = this.target;
    const parts = this.staged.partsInOrder;
    const worldSize = Math.max(...parts.map(({ rank }) => rank)) + 1;
    const processes = [...Map.groupBy(parts, ({ rank, attempt }) => `${rank} ${attempt}`).values()];
    const opened = processes.map((ofProcess) => {
      const { rank, attempt } = ofProcess[0]!;
      const hello = {
        protocol: PROTOCOL_VERSION,
        run: this.info,
        attempt: attemptId(attempt),
        rank,
        worldSize,
        group: worldSize > 1 ? attemptId(attempt) : null,
        control: null,
        series: ofProcess.map(({ series }) => seriesInfo(series)),
      };
      return { attempt: ingest.open({ type: "hello", ...hello }, this.endedAt), parts: ofProcess, seq: 0 };
    });
    let steps = 0;
    for (const process of opened)
      for (const part of process.parts)
        for (let page = this.page(part, -1); page.steps.length > 0; page = this.page(part, page.steps.at(-1)!)) {
          signal.throwIfAborted();
          ingest.frame(process.attempt, this.frame(process.attempt, part, process.seq, page));
          process.seq += 1;
          steps += page.steps.length;
          onSteps(steps);
          await new Promise((resolve) => setImmediate(resolve));
        }
    commits.flush();
    this.checkKept(opened.map(({ attempt }) => attempt));
    // Last of all, because what has ended has arrived.
    for (const { attempt, seq } of opened) ingest.end(attempt, { type: "end", seq, ...this.end });
    this.checkKept(opened.map(({ attempt }) => attempt));
    if (!store.runs.find(this.info.id)) throw new BadFile("The run was deleted while it was imported.");
  }

  private get end() {
    const { exitCode = null } = this.about;
    const status = exitCode === null || exitCode === 0 ? ("finished" as const) : ("failed" as const);
    return { status, error: null, exitCode, time: this.endedAt, story: null };
  }

  private get endedAt(): number {
    return this.staged.times?.last ?? this.changedAt;
  }

  private checkKept(attempts: readonly Attempt[]): void {
    if (attempts.some(({ broken }) => broken))
      throw new Error("The store of runs could not be written to; the log says why.");
  }

  private page(part: Part, after: number): Steps {
    return this.staged.page(part, after, STEPS_A_FRAME);
  }

  private frame({ run, attempt, rank }: Attempt, { series }: Part, seq: number, page: Steps): Uint8Array {
    const n = page.steps.length;
    const present = new Uint32Array(n);
    const scalars: Record<string, Column> = {};
    for (const [name, values] of page.values) {
      for (const [i, value] of values.entries()) if (value !== undefined) present[i]! |= 1 << SCALARS[name].bit;
      scalars[name] = { dtype: "F64", shape: [n], data: Float64Array.from(values, (value) => value ?? Number.NaN) };
    }
    const times = page.times.map((time) => (Number.isNaN(time) ? this.changedAt : time));
    return encodeFrame({
      metadata: { protocol: String(PROTOCOL_VERSION), run, attempt, rank: String(rank), seq: String(seq), series },
      columns: {
        step: { dtype: "I64", shape: [n], data: BigInt64Array.from(page.steps, BigInt) },
        time: { dtype: "F64", shape: [n], data: times },
        ...scalars,
        present: { dtype: "U32", shape: [n], data: present },
        flags: { dtype: "U8", shape: [n], data: page.flags },
      },
    });
  }
}

const attemptId = (number: number): string => `attempt-${number}`;

const seriesInfo = (series: string): SeriesInfo => ({
  id: series,
  label: series,
  optimizer: null,
  site: null,
  clip: null,
  layers: {},
  code: null,
});
