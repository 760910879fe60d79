import type { WebSocket } from "ws";
import { type Of, ShapeError } from "../../../protocol/shape.ts";
import { type viewerError, viewerRequest } from "../../../protocol/viewer.ts";
import type { Log } from "../thread.ts";
import { RequestError, type Requests, type Subscriber } from "./requests.ts";

/** What may wait in a connection's buffer, in bytes, before pushes to it are left out. */
const SLOW = 1 << 20;

/** One viewer's connection. */
export class Viewer implements Subscriber {
  run: string | null = null;
  private readonly socket: WebSocket;
  private readonly requests: Requests;
  private readonly log: Log;
  private lastRuns = "";
  private lastDetail = "";

  constructor(socket: WebSocket, requests: Requests, log: Log) {
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
    try {
      const answer = await this.requests.answer(viewerRequest(message), this);
      if (answer instanceof Uint8Array) this.socket.send(answer);
      else this.send({ id, ok: answer });
    } catch (error) {
      this.send({ id, err: this.failure(error as Error) });
    }
  }

  shown(detail: object): void {
    this.lastDetail = JSON.stringify(detail);
  }

  /** Pushes the list of runs unless it is what this viewer has. */
  pushRuns(runs: object): void {
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

  private get isSlow(): boolean {
    return this.socket.bufferedAmount > SLOW;
  }

  private send(message: object): void {
    this.socket.send(JSON.stringify(message));
  }

  private failure(error: Error): Of<typeof viewerError> {
    if (error instanceof RequestError) return { code: error.code, message: error.message };
    if (error instanceof ShapeError) return { code: "bad-request", message: error.message };
    this.log("error", `A viewer's request failed: ${error.stack ?? error.message}`);
    if ((error as NodeJS.ErrnoException).code === "ERR_SQLITE_ERROR")
      return { code: "store", message: `The store of runs could not be read or written: ${error.message}` };
    return { code: "internal", message: error.message };
  }

  private hangUp(reason: string): void {
    this.log("warn", `Closed a viewer's connection: ${reason}.`);
    this.socket.close(1007, reason);
  }
}
