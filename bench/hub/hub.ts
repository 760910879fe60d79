import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { HubEndpoint } from "../../protocol/lsp.ts";
import { processUsage } from "../lint/process.ts";

/** The built hub on a folder. */
export class BenchHub {
  readonly endpoint: HubEndpoint;
  private readonly child: ChildProcess;

  private constructor(child: ChildProcess, endpoint: HubEndpoint) {
    this.child = child;
    this.endpoint = endpoint;
  }

  static async start(storage: string): Promise<BenchHub> {
    const child = fork(fileURLToPath(new URL("./hub-process.ts", import.meta.url)), [storage]);
    const [endpoint] = await once(child, "message");
    return new BenchHub(child, endpoint as HubEndpoint);
  }

  /** Milliseconds of processor time so far. */
  get cpu(): number {
    return processUsage(this.child.pid)?.cpu ?? Number.NaN;
  }

  /** Largest memory so far, in MiB. */
  get peak(): number {
    return processUsage(this.child.pid)?.peak ?? Number.NaN;
  }

  /** Resolves when it has had nothing to do for some seconds: on a busy machine it may just have to wait for one. */
  async idle(): Promise<void> {
    for (let before = Number.NEGATIVE_INFINITY, now = this.cpu; now - before > 20; before = now, now = this.cpu)
      await new Promise((resolve) => setTimeout(resolve, 3000));
  }

  async stop(): Promise<void> {
    this.child.send("stop");
    await once(this.child, "exit");
  }
}
