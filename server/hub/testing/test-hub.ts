import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { onTestFinished } from "vitest";
import type { HubEndpoint } from "../../../protocol/lsp.ts";
import type { ObservedUpdate } from "../observed/observed-update.ts";
import { STORE_FILE } from "../store/open.ts";
import type { FromHub, HubWorkerData, ToHub } from "../thread.ts";
import { Inbox } from "./inbox.ts";

/** A folder that is gone after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "gradsight-hub-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The bundle, which is built before the tests are, and starts ten times faster than from its sources. */
const workerFile = fileURLToPath(new URL("../../../dist/hub.mjs", import.meta.url));

/** The real worker on a real folder. */
export class TestHub {
  readonly storage: string;
  readonly logs = new Inbox<string>();
  /** What it told of the files that it was told to watch. */
  readonly observed = new Inbox<readonly ObservedUpdate[]>();
  readonly endpoint: HubEndpoint;
  private readonly worker: Worker;
  private readonly exited: Promise<unknown>;

  private constructor(storage: string, worker: Worker, endpoint: HubEndpoint) {
    this.storage = storage;
    this.worker = worker;
    this.endpoint = endpoint;
    this.exited = new Promise((resolve) => worker.once("exit", resolve));
  }

  /** A connection beside the hub's own, which waits where the hub is writing; the test closes it. */
  database(options: { readOnly?: boolean } = {}): DatabaseSync {
    return new DatabaseSync(join(this.storage, STORE_FILE), { ...options, timeout: 5000 });
  }

  static async start(options: Partial<HubWorkerData> = {}): Promise<TestHub> {
    const storage = options.storage ?? temporaryFolder();
    const worker = new Worker(workerFile, { workerData: { ...options, storage } });
    const early: string[] = [];
    let hub: TestHub | null = null;
    const endpoint = await new Promise<HubEndpoint>((resolve, reject) => {
      worker.on("error", reject);
      worker.on("message", (message: FromHub) => {
        if (message.type === "ready") resolve(message.endpoint);
        else if (message.type === "failed") reject(new Error(message.message));
        else if (message.type === "observed") hub?.observed.put(message.updates);
        else if (hub) hub.logs.put(message.message);
        else early.push(message.message);
      });
    });
    hub = new TestHub(storage, worker, endpoint);
    for (const message of early) hub.logs.put(message);
    const started = hub;
    onTestFinished(() => started.stop());
    return hub;
  }

  watch(...files: string[]): void {
    this.worker.postMessage({ type: "watch", files } satisfies ToHub);
  }

  /** As the language server stops it. */
  async stop(): Promise<void> {
    this.worker.postMessage({ type: "stop" } satisfies ToHub);
    await this.exited;
  }

  /** As a crash ends it: nothing is closed, nothing is flushed. */
  async kill(): Promise<void> {
    await this.worker.terminate();
  }
}
