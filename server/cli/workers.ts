/** Lints the files of a large tree in several threads. Each has an analyser of its own, and takes a batch when it has done one. */
import { availableParallelism } from "node:os";
import { parentPort, Worker, workerData } from "node:worker_threads";
import type { Analyser } from "../analysis/index.ts";
import type { ExamineOptions } from "./examine.ts";
import { lintFile, type Outcome, type Task } from "./lint-file.ts";
import { importedModules, noteImported } from "./workspace.ts";

/** Fewer files than these are done before another thread has started. */
const FILES_PER_THREAD = 100;
const BATCH = 16;

export interface Batch {
  readonly from: number;
  readonly tasks: readonly Task[];
}

interface Done {
  readonly from: number;
  readonly outcomes: readonly Outcome[];
  readonly imported: ReadonlyMap<string, string>;
}

/** How many threads are worth their start. */
export function threadsFor(files: number, jobs: number | null): number {
  return Math.max(
    1,
    Math.min(jobs ?? availableParallelism(), Math.floor(files / (jobs === null ? FILES_PER_THREAD : 1))),
  );
}

/** The outcomes in the order of the tasks. `done` hears how many there are so far. */
export async function lintInThreads(
  tasks: readonly Task[],
  threads: number,
  options: ExamineOptions,
  done: (count: number) => void,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = new Array(tasks.length).fill(null);
  let next = 0;
  let finished = 0;
  const one = () =>
    new Promise<void>((resolve, reject) => {
      const worker = new Worker(new URL(import.meta.url), { workerData: options });
      const give = () => {
        if (next >= tasks.length) {
          void worker.terminate();
          return resolve();
        }
        worker.postMessage({ from: next, tasks: tasks.slice(next, next + BATCH) } satisfies Batch);
        next += BATCH;
      };
      worker.on("message", ({ from, outcomes: own, imported }: Done) => {
        noteImported(imported);
        for (const [index, outcome] of own.entries()) outcomes[from + index] = outcome;
        finished += own.length;
        done(finished);
        give();
      });
      worker.on("error", reject);
      give();
    });
  await Promise.all(Array.from({ length: threads }, one));
  return outcomes;
}

/** The other side: lints the batches that it is sent, until it is ended. */
export function serveBatches(analyser: Promise<Analyser>): void {
  const options = workerData as ExamineOptions;
  parentPort!.on("message", async ({ from, tasks }: Batch) => {
    const outcomes: Outcome[] = [];
    for (const task of tasks) outcomes.push(await lintFile(task, options, await analyser));
    parentPort!.postMessage({ from, outcomes, imported: importedModules() } satisfies Done);
  });
}
