/**
 * `node bench/hub/ingest.ts [steps] [steps per frame]`: a run of six scalars through the real worker, from the socket to the
 * acknowledgement after the commit; then the first look at it after a restart, and tiles of it.
 */
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { WebSocket } from "ws";
import { type Column, encodeFrame } from "../../protocol/frame.ts";
import type { HubEndpoint } from "../../protocol/lsp.ts";
import { SCALARS, type Scalar } from "../../protocol/scalars.ts";
import { type HubHandle, startHub } from "../../server/hub/host.ts";

const STEPS = Number(process.argv[2] ?? 1_000_000);
const FRAME = Number(process.argv[3] ?? 50);
const NAMES: readonly Scalar[] = ["norm_pre", "norm_post", "threshold", "loss", "lr", "step_time"];
const present = NAMES.reduce((bits, name) => bits | (1 << SCALARS[name].bit), 0);
const storage = mkdtempSync(join(tmpdir(), "gradsight-bench-"));

function frame(seq: number): Uint8Array {
  const column = (value: (i: number) => number): Column => ({
    dtype: "F64",
    shape: [FRAME],
    data: Float64Array.from({ length: FRAME }, (_, i) => value(i)),
  });
  const first = seq * FRAME;
  return encodeFrame({
    metadata: { protocol: "1", run: "run", attempt: "attempt", rank: "0", seq: String(seq), series: "sgd" },
    columns: {
      step: { dtype: "I64", shape: [FRAME], data: BigInt64Array.from({ length: FRAME }, (_, i) => BigInt(first + i)) },
      time: column((i) => 1.79e9 + (first + i) / 100),
      ...Object.fromEntries(NAMES.map((name) => [name, column(() => Math.exp(Math.random() - 0.5))])),
      present: { dtype: "U32", shape: [FRAME], data: new Uint32Array(FRAME).fill(present) },
      flags: { dtype: "U8", shape: [FRAME], data: new Uint8Array(FRAME) },
    },
  });
}

const start = (): Promise<HubHandle> =>
  startHub({
    storage,
    workerFile: fileURLToPath(new URL("../../dist/hub.cjs", import.meta.url)),
    onLog: (level, message) => {
      if (level !== "info") console.error(message);
    },
    onExit: (reason) => console.error(reason),
  });

const connect = async ({ port, token }: HubEndpoint, path: string): Promise<WebSocket> => {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, { headers: { Authorization: `Bearer ${token}` } });
  await new Promise((resolve) => socket.once("open", resolve));
  return socket;
};

async function timed<T>(what: string, body: () => Promise<T>, per?: number): Promise<T> {
  const begun = performance.now();
  const result = await body();
  const ms = performance.now() - begun;
  console.log(
    `${what}: ${ms.toFixed(1)} ms${per ? `, ${Math.round((per / ms) * 1000).toLocaleString("en")} steps/s` : ""}`,
  );
  return result;
}

async function send(endpoint: HubEndpoint, frames: readonly Uint8Array[]): Promise<void> {
  const socket = await connect(endpoint, "/probe");
  const info = {
    name: "bench",
    script: null,
    args: [],
    cwd: "/",
    python: "3",
    framework: null,
    frameworkVersion: null,
  };
  const series = [{ id: "sgd", label: "SGD", optimizer: null, site: null, clip: null, layers: {} }];
  const run = { id: "run", ...info, host: "bench", pid: 1, startedAt: 1.79e9 };
  const done = new Promise<void>((resolve) =>
    socket.on("message", (data) => {
      if (JSON.parse(String(data)).next >= frames.length) resolve();
    }),
  );
  socket.send(JSON.stringify({ type: "hello", protocol: 1, run, attempt: "attempt", rank: 0, worldSize: 1, series }));
  for (const bytes of frames) socket.send(bytes);
  await done;
  socket.close();
}

const ask = (socket: WebSocket, request: object): Promise<Buffer> =>
  new Promise((resolve) => {
    const listen = (data: Buffer, isBinary: boolean) => {
      if (!isBinary && JSON.parse(data.toString()).id === undefined) return;
      socket.off("message", listen);
      resolve(data);
    };
    socket.on("message", listen);
    socket.send(JSON.stringify({ id: 1, ...request }));
  });

const frames = Array.from({ length: Math.ceil(STEPS / FRAME) }, (_, seq) => frame(seq));
let hub = await start();
await timed(`${STEPS} steps of ${NAMES.length} scalars in frames of ${FRAME}`, () => send(hub.endpoint, frames), STEPS);
await hub.stop();
console.log(`store: ${(statSync(join(storage, "runs.sqlite")).size / 2 ** 20).toFixed(1)} MiB`);
hub = await start();
const viewer = await connect(hub.endpoint, "/view");
const metrics = [...NAMES, "clipped"];
const tile = { method: "tile", run: "run", series: "sgd", metrics, from: 0, to: STEPS, buckets: 1000 };
await timed("first look after a restart", () => ask(viewer, { method: "subscribe", run: "run" }), STEPS);
await timed("tile of the whole run, 7 metrics", () => ask(viewer, tile));
await timed("the same again", () => ask(viewer, tile));
await timed("tile of a tenth", () => ask(viewer, { ...tile, from: STEPS / 2, to: STEPS * 0.6 }));
viewer.close();
await hub.stop();
rmSync(storage, { recursive: true });
