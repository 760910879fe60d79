/** Takes a log that another program wrote for a run, and tells the store of it as a probe would. */
import { createHash } from "node:crypto";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { RunSource, SourceColumns } from "../../../protocol/exchange.ts";
import { SCALAR_NAMES, type Scalar } from "../../../protocol/scalars.ts";
import type { RunInfo } from "../../../protocol/telemetry.ts";
import { Breath } from "../runs/breath.ts";
import { isFull } from "../store/trouble.ts";
import { Delivery, type ImportTarget } from "./delivery.ts";
import { CHECKING, importsOf } from "./known-log.ts";
import { LayerColumns } from "./layer-columns.ts";
import { BadFile, LogFile } from "./log-file.ts";
import type { About, Entry, Row } from "./log-format.ts";
import { type LogSource, logSourceOf } from "./log-source.ts";
import { LoggedNames } from "./logged-names.ts";
import { formatOf } from "./read/index.ts";
import { StagedLog } from "./staged-log.ts";

export interface ImportOptions {
  readonly path: string;
  readonly columns: SourceColumns;
  readonly signal: AbortSignal;
  readonly onProgress: (done: number) => void;
}

/** The name of the series of a log that knows of one training alone. */
const SERIES = "imported";
/** Shares of the work that are done once the log was read, its layers were brought together, and its steps were counted. */
const READ = 0.65;
const SETTLED = 0.68;
const COUNTED = 0.7;

/**
 * All or nothing: an import that was cancelled or failed leaves no run. The id follows from the content and from what was
 * taken of it, so that the same import once more finds the run (`added` is false) before any of it is taken, and completes one
 * that a crash cut off. A log that has grown since takes the place of the run that it was before, with what the user said of it.
 * @throws {BadFile}
 */
export async function importRun(
  target: ImportTarget,
  options: ImportOptions,
): Promise<{ run: string; added: boolean }> {
  const { signal, onProgress } = options;
  const between = (from: number, to: number) => (done: number) => onProgress(from + (to - from) * done);
  const delivered = between(COUNTED, 1);
  const columns = knownColumns(options.columns);
  const log = await logSourceOf(options.path);
  const { path } = log;
  const before = await importsOf(target.store, log, signal, between(0, CHECKING));
  const same = before.find(({ id, source }) => id === idOf(source!.digest, columns));
  if (same) return { run: same.id, added: false };
  const file = await LogFile.open(log, signal, between(CHECKING, READ));
  const staged = await StagedLog.open();
  try {
    const format = await formatOf(file);
    const earlier = target.store.runs
      .list()
      .filter(({ source }) => source && [path, ...log.files].includes(source.file));
    for (const { source } of earlier) file.mark(source!.size);
    const about: About = {};
    const names = new LoggedNames();
    const chosen = { scalars: columns, layers: new LayerColumns(new Map(columns).get("norm_pre")) };
    const breath = new Breath(signal);
    try {
      for await (const row of format.rows(file, about)) {
        if ("values" in row) names.note(row.values);
        take(row, chosen, about, staged);
        await breath.taken();
      }
      await staged.cells.settle(staged.layers, breath, between(READ, SETTLED));
    } catch (error) {
      if (!isFull(error)) throw error;
      throw new BadFile(
        `The disk for temporary files is full. To import ${file.name} takes about as much space there as the file has.`,
      );
    }
    const count = await staged.steps.count(breath, between(SETTLED, COUNTED));
    if (count === 0) throw new BadFile(`${file.name} holds none of the columns that were chosen.`);
    const { taken: size, digest } = file;
    const id = idOf(digest, columns);
    const told = isDeepStrictEqual(knownColumns(names.roles.columns), columns);
    const source = { format: format.id, file: path, columns: Object.fromEntries(columns), told, size, digest };
    await new Delivery(target, runInfo(id, log, file, about, staged), source, staged, file.changedAt, about).run(
      signal,
      (steps) => delivered(steps / count),
    );
    const continued = earlier.filter((run) => isContinued(run.source!, source, file));
    for (const run of continued) target.store.transaction(() => target.store.runs.replace(run.id, id));
    if (continued.length > 0) target.store.shrinkInTime();
    return { run: id, added: true };
  } finally {
    // Nobody waits for its space.
    staged.close().catch(() => {});
    await file.close();
  }
}

const idOf = (digest: string, columns: readonly [Scalar, string][]): string =>
  `import-${createHash("sha256")
    .update(`${digest} ${JSON.stringify(columns)}`)
    .digest("hex")
    .slice(0, 40)}`;

/** In the order of the scalars, so that the same choice is the same text. */
function knownColumns(columns: SourceColumns): [Scalar, string][] {
  return SCALAR_NAMES.flatMap((scalar) => {
    const name = Object.hasOwn(columns, scalar) ? columns[scalar] : undefined;
    return name === undefined ? [] : [[scalar, name]];
  });
}

/** What is taken of a log's columns. */
interface Chosen {
  readonly scalars: readonly [Scalar, string][];
  readonly layers: LayerColumns;
}

function take(entry: Entry, chosen: Chosen, about: About, staged: StagedLog): void {
  if ("event" in entry) staged.events.put(entry);
  else if ("table" in entry) staged.layers.put(entry);
  else if (entry.voidsFrom) {
    staged.steps.forget(SERIES, entry.step);
    staged.cells.forget(SERIES, entry.step);
  } else takeRow(entry, chosen, about, staged);
}

function takeRow(row: Row, chosen: Chosen, about: About, { steps, cells }: StagedLog): void {
  const { step, time, values, own } = row;
  const scalars: Partial<Record<Scalar, number>> = {};
  for (const [scalar, name] of chosen.scalars) {
    if (!Object.hasOwn(values, name)) continue;
    scalars[scalar] = values[name]!;
    if (scalar === "norm_pre" && name === about.clipping?.norm) scalars.threshold ??= about.clipping.threshold;
  }
  if (own) steps.put(own.part, step, time, scalars, own);
  else if (Object.keys(scalars).length > 0) steps.putUncounted(SERIES, step, time, scalars);
  if (own) return;
  for (const name in values) {
    const layer = chosen.layers.layerOf(name);
    if (layer !== null) cells.putUncounted(SERIES, step, layer, values[name]!);
  }
}

/** Whether the file is what it was, and more behind it. */
function isContinued(before: RunSource, now: RunSource, file: LogFile): boolean {
  const sameChoice = JSON.stringify(before.columns) === JSON.stringify(now.columns);
  return sameChoice && before.size < now.size && file.digestAt(before.size) === before.digest;
}

function runInfo(id: string, { path, named }: LogSource, file: LogFile, about: About, { steps }: StagedLog): RunInfo {
  return {
    id,
    name: (about.name || join(basename(dirname(named)), basename(named))).slice(0, 256),
    script: about.script?.slice(0, 4096) ?? null,
    args: (about.args ?? []).map((arg) => arg.slice(0, 4096)),
    cwd: about.cwd ?? dirname(path),
    python: about.python?.slice(0, 256) ?? "",
    framework: about.framework?.slice(0, 64) ?? null,
    frameworkVersion: about.frameworkVersion?.slice(0, 64) ?? null,
    host: hostname().slice(0, 256),
    pid: 0,
    startedAt: about.startedAt ?? steps.times?.first ?? file.changedAt,
    code: about.code ?? null,
  };
}
