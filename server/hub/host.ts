/** The language server's handle on the hub: starts its worker thread, passes its log on, says when it ends. */
import { Worker } from "node:worker_threads";
import type { HubEndpoint } from "../../protocol/lsp.ts";
import type { ObservedUpdate } from "./observed/observed-update.ts";
import type { FromHub, HubWorkerData, LogLevel, ToHub } from "./thread.ts";

export interface HubOptions {
  /** Folder of the store, the rendezvous file and the spill files. */
  readonly storage: string;
  readonly workerFile: string;
  /** Seconds after which a run that is not heard from counts as lost; the hub knows for itself. */
  readonly lostAfter?: number;
  onLog(level: LogLevel, message: string): void;
  /** What runs saw of the files that it was told to watch. */
  onObserved?(updates: readonly ObservedUpdate[]): void;
  /** The hub ended without having been asked to. */
  onExit(reason: string): void;
}

export interface HubHandle {
  readonly endpoint: HubEndpoint;
  /** To be told what runs saw of these files, and of no others. */
  watch(files: readonly string[]): void;
  /** Resolves when everything received is committed and the rendezvous file is gone. */
  stop(): Promise<void>;
}

/** How long stopping may take, in milliseconds. */
const STOP_WITHIN = 5_000;

/** @throws {Error} with a message for the user when the hub can't run here */
export function startHub({
  storage,
  workerFile,
  lostAfter,
  onLog,
  onObserved,
  onExit,
}: HubOptions): Promise<HubHandle> {
  const workerData: HubWorkerData = { storage, ...(lostAfter !== undefined && { lostAfter }) };
  // What a worker prints would end up in the language server's own stream of messages.
  const worker = new Worker(workerFile, {
    workerData,
    name: "gradsight hub",
    stdout: true,
    stderr: true,
    // Node 22, which older editors have, calls SQLite experimental at every start.
    execArgv: ["--disable-warning=ExperimentalWarning"],
  });
  worker.stdout.on("data", (text: Buffer) => onLog("info", text.toString().trimEnd()));
  worker.stderr.on("data", (text: Buffer) => onLog("warn", text.toString().trimEnd()));
  const exited = new Promise<void>((resolve) => worker.once("exit", () => resolve()));
  let running = false;
  let reason = "its thread ended";

  const stop = async () => {
    running = false;
    worker.postMessage({ type: "stop" } satisfies ToHub);
    const patience = setTimeout(() => void worker.terminate(), STOP_WITHIN);
    await exited;
    clearTimeout(patience);
  };

  return new Promise((resolve, reject) => {
    worker.on("message", (message: FromHub) => {
      if (message.type === "log") onLog(message.level, message.message);
      else if (message.type === "observed") onObserved?.(message.updates);
      else if (message.type === "failed") {
        reject(new Error(message.message));
        void worker.terminate();
      } else {
        running = true;
        const watch = (files: readonly string[]) => worker.postMessage({ type: "watch", files } satisfies ToHub);
        resolve({ endpoint: message.endpoint, watch, stop });
      }
    });
    worker.on("error", (error) => {
      reason = (error as Error).message;
      onLog("error", (error as Error).stack ?? reason);
    });
    void exited.then(() => {
      if (running) onExit(reason);
      running = false;
      reject(new Error(reason));
    });
  });
}
