import { readFileSync } from "node:fs";
import { onTestFinished } from "vitest";
import { type ClientOptions, WebSocket } from "ws";
import { type Column, decodeFrame, encodeFrame, type Frame } from "../../../protocol/frame.ts";
import type { HubEndpoint } from "../../../protocol/lsp.ts";
import { SCALARS, type Scalar } from "../../../protocol/scalars.ts";
import type { HubToProbeMessage, ProbeMessage, RunEvent, SeriesInfo } from "../../../protocol/telemetry.ts";
import type { RunDetail, RunSummary, ViewerMethod, ViewerRequest } from "../../../protocol/viewer.ts";
import { Inbox } from "./inbox.ts";

type Hello = Extract<ProbeMessage, { type: "hello" }>;
export const goldenFile = (file: string) => readFileSync(new URL(`../../../protocol/golden/${file}`, import.meta.url));
export const golden = JSON.parse(goldenFile("index.json").toString());
const goldenHello: Hello = JSON.parse(golden.messages.probe.valid[0].text);

export const SERIES: SeriesInfo = {
  id: "adamw",
  label: "AdamW",
  optimizer: null,
  site: null,
  clip: null,
  layers: {},
  code: null,
  fixed: null,
};

export function hello(changes: Partial<Hello> & { id?: string } = {}): Hello {
  const { id = "run-1", ...rest } = changes;
  return { ...goldenHello, series: [SERIES], run: { ...goldenHello.run, id }, ...rest };
}

/** Per-layer values of some steps: `norms[i]` and `weights[i]` are those of `steps[i]` and `weighed[i]`. */
export interface Sampled {
  table: string;
  steps: number[];
  norms: number[][];
  weighed?: number[];
  weights?: number[][];
  areShares?: boolean;
}

const i64 = (values: number[]): Column => ({
  dtype: "I64",
  shape: [values.length],
  data: BigInt64Array.from(values, BigInt),
});
const f32 = (rows: number[][]): Column => ({
  dtype: "F32",
  shape: [rows.length, rows[0]!.length],
  data: Float32Array.from(rows.flat()),
});

/**
 * A frame of an attempt: `values[name][i]` is the scalar of `steps[i]`; undefined is not recorded. `rates[i]`: the learning rates of
 * its groups.
 */
export function frame(
  { run, attempt, rank }: Hello,
  seq: number,
  steps: number[],
  values: Partial<Record<Scalar, (number | undefined)[]>> = {},
  extra: { series?: string; flags?: number[]; startedAt?: number; layers?: Sampled; rates?: number[][] } = {},
): Uint8Array {
  const n = steps.length;
  const { startedAt = 1_790_000_000 } = extra;
  const present = new Uint32Array(n);
  const scalars: Record<string, Column> = {};
  for (const [name, column] of Object.entries(values) as [Scalar, (number | undefined)[]][]) {
    for (const [i, value] of column.entries()) if (value !== undefined) present[i]! |= 1 << SCALARS[name].bit;
    scalars[name] = { dtype: "F64", shape: [n], data: Float64Array.from(column, (value) => value ?? 0) };
  }
  const metadata = {
    protocol: "1",
    run: run.id,
    attempt,
    rank: String(rank),
    seq: String(seq),
    series: extra.series ?? "adamw",
    ...(extra.layers && { layers: extra.layers.table }),
    ...(extra.layers?.areShares && { shares: "1" }),
  };
  return encodeFrame({
    metadata,
    columns: {
      step: i64(steps),
      time: { dtype: "F64", shape: [n], data: Float64Array.from(steps, (step) => startedAt + step) },
      ...scalars,
      present: { dtype: "U32", shape: [n], data: present },
      flags: { dtype: "U8", shape: [n], data: Uint8Array.from(extra.flags ?? steps.map(() => 0)) },
      ...(extra.rates && {
        group_lr: { dtype: "F64", shape: [n, extra.rates[0]!.length], data: Float64Array.from(extra.rates.flat()) },
      }),
      ...(extra.layers && { layer_step: i64(extra.layers.steps), layer_norm: f32(extra.layers.norms) }),
      ...(extra.layers?.weights && { weight_step: i64(extra.layers.weighed!), weight_norm: f32(extra.layers.weights) }),
    },
  });
}

export const event = (seq: number, changes: Partial<RunEvent> = {}): ProbeMessage => ({
  type: "event",
  seq,
  event: { kind: "note", series: null, step: null, time: 1_790_000_000, message: "note", data: {}, ...changes },
  story: null,
});
export const end = (seq: number, changes: Partial<Extract<ProbeMessage, { type: "end" }>> = {}): ProbeMessage => ({
  type: "end",
  seq,
  status: "finished",
  error: null,
  exitCode: 0,
  time: 1_790_000_000,
  story: null,
  ...changes,
});

export function open({ port, token }: HubEndpoint, path: string, options: ClientOptions = {}): WebSocket {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, {
    headers: { Authorization: `Bearer ${token}` },
    ...options,
  });
  onTestFinished(() => socket.terminate());
  return socket;
}

/** A websocket client that plays the probe. */
export class ProbeClient {
  readonly inbox = new Inbox<HubToProbeMessage>();
  readonly closed: Promise<number>;
  private readonly socket: WebSocket;

  private constructor(socket: WebSocket) {
    this.socket = socket;
    this.closed = new Promise((resolve) => socket.once("close", resolve));
    socket.on("message", (data: Buffer) => this.inbox.put(JSON.parse(data.toString())));
    socket.on("error", () => {});
  }

  static async connect(endpoint: HubEndpoint): Promise<ProbeClient> {
    const socket = open(endpoint, "/probe");
    const client = new ProbeClient(socket);
    await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
    return client;
  }

  /** Connects and says hello; `next` is what the hub wants. */
  static async greet(endpoint: HubEndpoint, message: Hello): Promise<{ probe: ProbeClient; next: number }> {
    const probe = await ProbeClient.connect(endpoint);
    probe.send(message);
    const reply = await probe.inbox.find(() => true);
    if (reply.type !== "welcome") throw new Error(JSON.stringify(reply));
    return { probe, next: reply.next };
  }

  send(message: ProbeMessage | Uint8Array | string): void {
    if (typeof message === "string" || message instanceof Uint8Array) this.socket.send(message);
    else this.socket.send(JSON.stringify(message));
  }

  acknowledged(next: number): Promise<unknown> {
    return this.inbox.find((message) => message.type === "ack" && message.next >= next);
  }

  async close(): Promise<void> {
    this.socket.close();
    await this.closed;
  }
}

interface Answer {
  id?: number;
  ok?: never;
  err?: { code: string; message: string };
  push?: "run" | "runs" | "progress";
  job?: number;
  done?: number;
  run?: RunDetail;
  runs?: RunSummary[];
}

/** An answer to `layers`; `min` to `nonfinite` by row and bucket. */
interface LayersAnswer {
  metadata: Frame["metadata"];
  names: string[];
  from: number[];
  to: number[];
  min: number[][];
  max: number[][];
  mean: number[][];
  count: number[][];
  nonfinite: number[][];
}

/** A websocket client that plays the extension. */
export class ViewerClient {
  readonly inbox = new Inbox<Answer>();
  readonly tiles = new Inbox<Frame>();
  readonly closed: Promise<number>;
  private readonly socket: WebSocket;
  private id = 0;

  private constructor(socket: WebSocket) {
    this.socket = socket;
    this.closed = new Promise((resolve) => socket.once("close", resolve));
    socket.on("message", (data: Buffer, isBinary) => {
      if (isBinary) this.tiles.put(decodeFrame(data));
      else this.inbox.put(JSON.parse(data.toString()));
    });
  }

  static async connect(endpoint: HubEndpoint): Promise<ViewerClient> {
    const socket = open(endpoint, "/view");
    const client = new ViewerClient(socket);
    await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
    return client;
  }

  send(text: string): void {
    this.socket.send(text);
  }

  /** Of the request sent last. */
  get lastId(): number {
    return this.id - 1;
  }

  async request<T = never>(method: ViewerMethod, params: object = {}): Promise<T> {
    const id = this.id++;
    this.send(JSON.stringify({ id, method, ...params }));
    const answer = await this.inbox.find((message) => message.id === id);
    if (answer.err) throw new Error(`${answer.err.code}: ${answer.err.message}`);
    return answer.ok as T;
  }

  async runs(): Promise<RunSummary[]> {
    return (await this.request<{ runs: RunSummary[] }>("runs")).runs;
  }

  async subscribe(run: string): Promise<RunDetail> {
    return (await this.request<{ run: RunDetail }>("subscribe", { run })).run;
  }

  /** The columns of a tile as lists. */
  async tile(params: Partial<Extract<ViewerRequest, { method: "tile" }>> = {}): Promise<Record<string, number[]>> {
    const id = this.id++;
    const window = { run: "run-1", series: "adamw", metrics: ["norm_pre"], from: 0, to: 1e9, buckets: 100 };
    this.send(JSON.stringify({ id, method: "tile", ...window, ...params }));
    const tile = await this.tiles.find(({ metadata }) => metadata.reply === String(id));
    return Object.fromEntries(Object.entries(tile.columns).map(([name, { data }]) => [name, [...data].map(Number)]));
  }

  async layers(params: Partial<Extract<ViewerRequest, { method: "layers" }>> = {}): Promise<LayersAnswer> {
    const id = this.id++;
    const window = { run: "run-1", series: "adamw", metric: "grad_norm", from: 0, to: 1e9, buckets: 100, rows: null };
    this.send(JSON.stringify({ id, method: "layers", ...window, ...params }));
    const { metadata, columns } = await this.tiles.find((frame) => frame.metadata.reply === String(id));
    const grid = (name: string) => {
      const { shape, data } = columns[name]!;
      const values = [...data].map(Number);
      return Array.from({ length: shape[0]! }, (_, row) => values.slice(row * shape[1]!, (row + 1) * shape[1]!));
    };
    return {
      metadata,
      names: JSON.parse(Buffer.from(columns.names!.data as Uint8Array).toString()),
      from: [...columns.from!.data].map(Number),
      to: [...columns.to!.data].map(Number),
      min: grid("min"),
      max: grid("max"),
      mean: grid("mean"),
      count: grid("count"),
      nonfinite: grid("nonfinite"),
    };
  }

  /** The next push of the run's detail that is as wanted. */
  pushed(matches: (run: RunDetail) => boolean): Promise<Answer> {
    return this.inbox.next((message) => message.push === "run" && matches(message.run!));
  }

  listed(matches: (runs: RunSummary[]) => boolean): Promise<Answer> {
    return this.inbox.find((message) => message.push === "runs" && matches(message.runs!));
  }
}
