/** A viewer of the hub, as the extension is one: its own websocket, with the token. */
import { WebSocket } from "ws";
import { decodeFrame, type Frame } from "../../protocol/frame.ts";
import type { HubEndpoint } from "../../protocol/lsp.ts";
import {
  type FrameMethod,
  type Metric,
  type RunDetail,
  type RunSummary,
  type ViewerMethod,
  type ViewerResults,
  viewerFailure,
  viewerPush,
  viewerResults,
} from "../../protocol/viewer.ts";

type Answer = { resolve(value: unknown): void; reject(error: Error): void };

export class Viewer {
  runs: RunSummary[] = [];
  /** The latest detail of each run that was subscribed to. */
  readonly details = new Map<string, RunDetail>();
  readonly #socket: WebSocket;
  readonly #answers = new Map<number, Answer>();
  readonly #waiting = new Set<() => void>();
  #next = 1;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on("message", (data: Buffer, binary) =>
      binary ? this.#tile(data) : this.#message(JSON.parse(data.toString())),
    );
    socket.on("close", () => {
      for (const { reject } of this.#answers.values()) reject(new Error("the hub closed the connection"));
    });
  }

  static async connect({ port, token }: HubEndpoint): Promise<Viewer> {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/view`, { headers: { authorization: `Bearer ${token}` } });
    const viewer = new Viewer(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once("open", resolve);
      socket.once("error", reject);
    });
    viewer.runs = (await viewer.request("runs", {})).runs;
    return viewer;
  }

  async request<M extends Exclude<ViewerMethod, FrameMethod>>(method: M, params: object): Promise<ViewerResults[M]> {
    const answer = await this.#send(method, params);
    return viewerResults[method](answer) as ViewerResults[M];
  }

  async tile(run: string, series: string, metrics: Metric[], from: number, to: number, buckets: number) {
    return (await this.#send("tile", { run, series, metrics, from, to, buckets })) as Frame;
  }

  async layers(params: object): Promise<Frame> {
    return (await this.#send("layers", params)) as Frame;
  }

  /** Resolves with the detail of the run once it is as wanted; looked at with every push. */
  async detail(run: string, wanted: (detail: RunDetail) => boolean): Promise<RunDetail> {
    if (!this.details.has(run)) this.details.set(run, (await this.request("subscribe", { run })).run);
    await this.#until(() => wanted(this.details.get(run)!));
    return this.details.get(run)!;
  }

  /** Resolves with the first run that is as wanted. */
  async run(wanted: (summary: RunSummary) => boolean): Promise<RunSummary> {
    await this.#until(() => this.runs.some(wanted));
    return this.runs.find(wanted)!;
  }

  close(): void {
    this.#socket.terminate();
  }

  #send(method: ViewerMethod, params: object): Promise<unknown> {
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#answers.set(id, { resolve, reject });
      this.#socket.send(JSON.stringify({ id, method, ...params }));
    });
  }

  #message(message: Record<string, unknown>): void {
    if ("push" in message) {
      const push = viewerPush(message);
      if (push.push === "runs") this.runs = push.runs;
      else if (push.push === "run") this.details.set(push.run.summary.id, push.run);
      for (const look of [...this.#waiting]) look();
      return;
    }
    const answer = this.#answers.get(message.id as number);
    this.#answers.delete(message.id as number);
    if ("ok" in message) answer?.resolve(message.ok);
    else answer?.reject(new Error(viewerFailure(message).err.message));
  }

  #tile(bytes: Uint8Array): void {
    const frame = decodeFrame(bytes);
    const id = Number(frame.metadata.reply);
    this.#answers.get(id)?.resolve(frame);
    this.#answers.delete(id);
  }

  #until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        if (!condition()) return;
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
      look();
    });
  }
}
