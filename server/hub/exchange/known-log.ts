/** Finds what a log was imported as before, by its content alone: wherever it lies now, and without a look at what it says. */
import type { StoredRun } from "../store/runs.ts";
import type { Store } from "../store/store.ts";
import { isArriving } from "../viewer/status.ts";
import { LogFile } from "./log-file.ts";
import type { LogSource } from "./log-source.ts";

/** Share of the work on a log that this is. */
export const CHECKING = 0.05;

/**
 * The runs that a log of this very content was imported as, whatever was taken of it. The content is read only where it can be
 * one of them by its size. `onProgress` is told the share that was read. @throws {BadFile}
 */
export async function importsOf(
  store: Store,
  log: LogSource,
  signal: AbortSignal,
  onProgress: (done: number) => void,
): Promise<StoredRun[]> {
  const file = await LogFile.open(log, signal, onProgress);
  try {
    const alike = store.runs.list().filter(({ source }) => source?.size === file.size);
    if (alike.length === 0) return [];
    const digest = await file.digestOfAll();
    return alike.filter((run) => run.source!.digest === digest && !isArriving(run, store.attempts.list(run.key)));
  } finally {
    await file.close();
  }
}
