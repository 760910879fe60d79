/** The real hub, fed over a real websocket with recorded runs, and read over another one as the extension does it. */
import { on, once } from "node:events";
import { fileURLToPath } from "node:url";
import { WebSocket } from "ws";
import type { AskedThreshold, Override } from "../../protocol/control.ts";
import type { HubEndpoint } from "../../protocol/lsp.ts";
import {
  type HubToProbeMessage,
  hubToProbeMessage,
  type ProbeMessage,
  type RunEvent,
  type Story,
} from "../../protocol/telemetry.ts";
import type { ToDashboard } from "../../protocol/webview.ts";
import { scratchFolder } from "../../scripts/scratch.mjs";
import { type HubHandle, startHub } from "../../server/hub/host.ts";
import type { Relay } from "./page.ts";
import { frameOf, helloOf, type RecordedRun } from "./recorded-run.ts";

const WORKER = fileURLToPath(new URL("../../server/hub/worker.ts", import.meta.url));
const STEPS_PER_FRAME = 50;

const connect = (endpoint: HubEndpoint, path: string) =>
  new WebSocket(`ws://127.0.0.1:${endpoint.port}/${path}`, {
    headers: { authorization: `Bearer ${endpoint.token}` },
  });

export class TestHub {
  readonly #handle: HubHandle;

  private constructor(handle: HubHandle) {
    this.#handle = handle;
  }

  static async start(): Promise<TestHub> {
    return new TestHub(
      await startHub({
        storage: scratchFolder("dashboard"),
        workerFile: WORKER,
        lostAfter: 2,
        onLog: (level, message) => level === "error" && console.error(message),
        onExit: () => {},
      }),
    );
  }

  /** Connects a probe that will tell this run. */
  async probe(run: RecordedRun): Promise<RecordedProbe> {
    return RecordedProbe.connect(this.#handle.endpoint, run);
  }

  /** Tells a whole run at once. */
  async play(run: RecordedRun, end?: Ending): Promise<void> {
    const probe = await this.probe(run);
    await probe.tell();
    await probe.end(end);
  }

  /** Asks for another threshold, as the extension does for the page; resolves with what the hub answers. */
  async control(run: string, series: string, threshold: AskedThreshold): Promise<{ ok?: object; err?: object }> {
    const socket = connect(this.#handle.endpoint, "view");
    await once(socket, "open");
    socket.send(JSON.stringify({ id: 0, method: "control", run, series, threshold }));
    for await (const [data] of on(socket, "message")) {
      const answer = JSON.parse(String(data));
      if (answer.id !== 0) continue;
      socket.close();
      return answer;
    }
    throw new Error("the hub closed the connection");
  }

  relay(): HubRelay {
    return new HubRelay(this.#handle.endpoint);
  }

  stop(): Promise<void> {
    return this.#handle.stop();
  }
}

export interface Ending {
  readonly status: "finished" | "failed" | "interrupted";
  readonly error?: string;
  readonly exitCode?: number;
  readonly story?: Story;
}

export class RecordedProbe {
  readonly #socket: WebSocket;
  readonly #run: RecordedRun;
  readonly #told: number[];
  #seq = 0;

  private constructor(socket: WebSocket, run: RecordedRun) {
    this.#socket = socket;
    this.#run = run;
    this.#told = run.series.map(() => 0);
  }

  static async connect(endpoint: HubEndpoint, run: RecordedRun): Promise<RecordedProbe> {
    const socket = connect(endpoint, "probe");
    await once(socket, "open");
    const probe = new RecordedProbe(socket, run);
    await probe.#say(helloOf(run));
    return probe;
  }

  /** Tells every series up to, not including, the `upTo`th step of its trace, and waits until that is stored. */
  async tell(upTo = Number.POSITIVE_INFINITY): Promise<void> {
    for (const [i, series] of this.#run.series.entries()) {
      const last = Math.min(upTo, series.steps.length);
      for (let from = this.#told[i]!; from < last; from += STEPS_PER_FRAME) {
        const to = Math.min(from + STEPS_PER_FRAME, last);
        await this.#say(frameOf(this.#run, series, this.#seq++, from, to));
      }
      for (const step of series.skipped ?? [])
        if (step >= this.#told[i]! && step < last) await this.#event(skippedEvent(this.#run, series.info.id, step));
      this.#told[i] = Math.max(this.#told[i]!, last);
    }
  }

  /** Tells of something that the probe noticed. */
  async warn(series: string, step: number, message: string): Promise<void> {
    const time = this.#run.info.startedAt + step * 0.05;
    await this.#event({ kind: "warning", series, step, time, message, data: {} });
  }

  /** Tells what the script notes of a step. */
  async note(step: number, message: string): Promise<void> {
    const time = this.#run.info.startedAt + step * 0.05;
    await this.#event({ kind: "note", series: null, step, time, message, data: {} });
  }

  /** Resolves with what it is asked for next. */
  async asked(): Promise<Extract<HubToProbeMessage, { type: "control" }>> {
    for await (const [data] of on(this.#socket, "message")) {
      const message = hubToProbeMessage(JSON.parse(String(data)));
      if (message.type === "control") return message;
    }
    throw new Error("the hub closed the connection");
  }

  /** Does what it was asked for, and says so. */
  async controlled(id: number, override: Override, from: number): Promise<void> {
    const { series, threshold, since } = override;
    this.#socket.send(
      JSON.stringify({ type: "controlled", id, err: null, control: { overrides: [override], paused: null } }),
    );
    await this.#event({
      kind: "threshold",
      series,
      step: since,
      time: this.#run.info.startedAt + since * 0.05,
      message: `The clipping threshold was set to ${threshold} by the user.`,
      data: { from, to: threshold === "off" ? null : threshold, by: "user" },
    });
  }

  /** Tells that an epoch begins at a step. */
  async epoch(series: string, step: number, number: number): Promise<void> {
    const time = this.#run.info.startedAt + step * 0.05;
    await this.#event({
      kind: "epoch",
      series,
      step,
      time,
      message: `Epoch ${number} begins.`,
      data: { epoch: number },
    });
  }

  /** Tells that a step's weights were saved. */
  async checkpoint(series: string, step: number, path: string): Promise<void> {
    const time = this.#run.info.startedAt + step * 0.05;
    const message = path.split("/").slice(-2).join("/");
    await this.#event({ kind: "checkpoint", series, step, time, message, data: { path } });
  }

  async #event(event: RunEvent): Promise<void> {
    await this.#say({ type: "event", seq: this.#seq++, event, story: null });
  }

  async end({ status, error, exitCode, story }: Ending = { status: "finished" }): Promise<void> {
    const steps = Math.max(0, ...this.#told);
    const time = this.#run.info.startedAt + steps * 0.05;
    await this.#say({
      type: "end",
      seq: this.#seq++,
      status,
      error: error ?? null,
      exitCode: exitCode ?? (status === "finished" ? 0 : 1),
      time,
      story: story ?? null,
    });
    this.close();
  }

  close(): void {
    this.#socket.close();
  }

  /** Sends one message and waits for its acknowledgement. */
  async #say(message: ProbeMessage | Uint8Array): Promise<void> {
    this.#socket.send(message instanceof Uint8Array ? message : JSON.stringify(message));
    const settled = new AbortController();
    const closed = once(this.#socket, "close", settled).then(() => {
      throw new Error("the hub closed the connection");
    });
    const answer = await Promise.race([once(this.#socket, "message", settled), closed]);
    settled.abort();
    const { type, ...rest } = hubToProbeMessage(JSON.parse(String(answer[0])));
    if (type === "refused") throw new Error(`the hub refused: ${JSON.stringify(rest)}`);
  }
}

const skippedEvent = (run: RecordedRun, series: string, step: number): RunEvent => ({
  kind: "skipped",
  series,
  step,
  time: run.info.startedAt + step * 0.05,
  message: "The gradient scaler skipped this update: a gradient was not finite.",
  data: {},
});

/** Passes requests on and answers back, as the extension does. */
export class HubRelay implements Relay {
  readonly #endpoint: HubEndpoint;
  #socket: WebSocket | null = null;
  #post: (message: ToDashboard) => void = () => {};
  /** Every tile that was passed on, as it came. */
  readonly tiles: Uint8Array[] = [];
  /** Every push that was passed on. */
  readonly pushes: unknown[] = [];

  constructor(endpoint: HubEndpoint) {
    this.#endpoint = endpoint;
  }

  open(post: (message: ToDashboard) => void): void {
    this.#post = post;
    this.close();
    const socket = connect(this.#endpoint, "view");
    this.#socket = socket;
    socket.binaryType = "nodebuffer";
    socket.on("open", () => post({ type: "hub", state: "connected", reason: null }));
    socket.on("message", (data: Buffer, isBinary: boolean) => {
      if (socket !== this.#socket) return;
      if (isBinary) {
        const bytes = new Uint8Array(data);
        this.tiles.push(bytes);
        post({ type: "tile", bytes });
        return;
      }
      const message = JSON.parse(String(data));
      if ("push" in message) this.pushes.push(message);
      post({ type: "message", message });
    });
  }

  send(request: unknown): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(request));
  }

  /** Loses the connection. */
  drop(): void {
    this.close();
    this.#post({ type: "hub", state: "disconnected", reason: null });
  }

  reconnect(): void {
    this.open(this.#post);
  }

  close(): void {
    this.#socket?.close();
    this.#socket = null;
  }
}
