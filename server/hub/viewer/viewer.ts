import type { WebSocket } from "ws";
import { type Of, ShapeError } from "../../../protocol/shape.ts";
import { type viewerError, viewerRequest } from "../../../protocol/viewer.ts";
import { BadFile } from "../exchange/log-file.ts";
import type { Log } from "../thread.ts";
import { RequestError, type Requests, type Subscriber } from "./requests.ts";

/** What may wait in a connection's buffer, in bytes, before pushes to it are left out. */
const SLOW = 1 << 20;
/** Milliseconds between two words on how far a job has come. */
const PROGRESS_EVERY = 100;

/** One viewer's connection. */
export class Viewer implements Subscriber {
  run: string | null = null;
  paused = false;
  private readonly socket: WebSocket;
  private readonly requests: Requests;
  private readonly log: Log;
  private readonly trouble: (error: Error) => string;
  private lastRuns = "";
  private lastDetail = "";
  /** What has not been answered yet, by its id. */
  private readonly underWay = new Map<number, AbortController>();

  /** `trouble`: what an error of the store means, in words for the user. */
  constructor(socket: WebSocket, requests: Requests, log: Log, trouble: (error: Error) => string) {
    this.trouble = trouble;
    this.socket = socket;
    this.requests = requests;
    this.log = log;
  }

  async receive(json: string): Promise<void> {
    let message: unknown;
    try {
      message = JSON.parse(json);
    } catch {
      return this.hangUp("a message that is not JSON");
    }
    const id = (message as { id?: unknown } | null)?.id;
    // Without an id there is nobody to answer.
    if (!Number.isSafeInteger(id) || (id as number) < 0) return this.hangUp("a request without id");
    const controller = new AbortController();
    this.underWay.set(id as number, controller);
    try {
      const request = viewerRequest(message);
      if (request.method === "cancel") this.underWay.get(request.job)?.abort();
      const job = { signal: controller.signal, onProgress: this.progressOf(id as number) };
      const answer = await this.requests.answer(request, this, job);
      if (answer instanceof Uint8Array) this.socket.send(answer);
      else this.send({ id, ok: answer });
    } catch (error) {
      this.send({ id, err: this.failure(error as Error) });
    } finally {
      this.underWay.delete(id as number);
    }
  }

  /** Its connection is gone: nobody waits for what is under way. */
  close(): void {
    for (const controller of this.underWay.values()) controller.abort();
  }

  shown(detail: object): void {
    this.lastDetail = JSON.stringify(detail);
  }

  /** Pushes the list of runs unless it is what this viewer has. */
  pushRuns(runs: object): void {
    if (this.paused) {
      this.lastRuns = ""; // it will have been answered something newer
      return;
    }
    const json = JSON.stringify(runs);
    if (json === this.lastRuns || this.isSlow) return;
    this.lastRuns = json;
    this.send({ push: "runs", ...runs });
  }

  /** Pushes the detail of its run unless it is what this viewer has. */
  pushDetail(detail: object): void {
    const json = JSON.stringify(detail);
    if (json === this.lastDetail || this.isSlow) return;
    this.lastDetail = json;
    this.send({ push: "run", ...detail });
  }

  private progressOf(job: number): (done: number) => void {
    let told = 0;
    return (done) => {
      const now = performance.now();
      if (now - told < PROGRESS_EVERY) return;
      told = now;
      this.send({ push: "progress", job, done });
    };
  }

  private get isSlow(): boolean {
    return this.socket.bufferedAmount > SLOW;
  }

  private send(message: object): void {
    this.socket.send(JSON.stringify(message));
  }

  private failure(error: Error): Of<typeof viewerError> {
    if (error instanceof RequestError) return { code: error.code, message: error.message };
    if (error instanceof BadFile) return { code: "bad-file", message: error.message };
    if (error.name === "AbortError") return { code: "cancelled", message: "Cancelled." };
    if (error instanceof ShapeError) return { code: "bad-request", message: error.message };
    this.log("error", `A viewer's request failed: ${error.stack ?? error.message}`);
    if ((error as NodeJS.ErrnoException).code === "ERR_SQLITE_ERROR")
      return { code: "store", message: this.trouble(error) };
    return { code: "internal", message: error.message };
  }

  private hangUp(reason: string): void {
    this.log("warn", `Closed a viewer's connection: ${reason}.`);
    this.socket.close(1007, reason);
  }
}
