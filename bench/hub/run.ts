/**
 * `npm run bench:hub [-- --steps N] [-- --keystrokes]`: what the hub takes in, from the socket to the acknowledgement, and what
 * it shows, from the request to the answer. Builds nothing: `npm run build -- --production` first. Processor time is that of the
 * hub's process alone: what one core can do, also on a machine that does other things.
 */
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { bareInsert } from "./bare.ts";
import { BenchHub } from "./hub.ts";
import { besideKeystrokes } from "./keystrokes.ts";
import { look } from "./look.ts";
import { send } from "./sockets.ts";
import { FRAME_STEPS, frame, LAYERS, SCALARS_SENT, SPIKE } from "./telemetry.ts";

const { values } = parseArgs({
  options: { steps: { type: "string", default: "1000000" }, keystrokes: { type: "boolean", default: false } },
});
const STEPS = Number(values.steps);
const LAYER_STEPS = 50_000;
const RUNS = 64;
const RUN_STEPS = 10_000;
/** Frames that the bare insert is measured with. */
const COMPARED = 10_000;

const count = (value: number) => Math.round(value).toLocaleString("en");
const ms = (value: number) => `${value.toFixed(value < 10 ? 1 : 0)} ms`;
const print = (what: string, ...cells: string[]) => console.log(what.padEnd(52), cells.join("   "));

const folder = mkdtempSync(join(tmpdir(), "gradsight-bench-"));
const storage = join(folder, "hub");

interface Sent {
  readonly what: string;
  readonly unit: string;
  readonly amount: number;
  readonly frames: number;
  readonly frameOf: (seq: number) => Uint8Array;
}

/** Sends all, waits until the hub has made of it what it makes, and says what both took. */
async function ingest(hub: BenchHub, { what, unit, amount, frames, frameOf }: Sent, sendAll: () => Promise<unknown>) {
  const [before, begun] = [hub.cpu, performance.now()];
  await sendAll();
  const [taken, wall] = [hub.cpu - before, performance.now() - begun];
  await hub.idle();
  const rate = (milliseconds: number) => count((amount / milliseconds) * 1000);
  print(what, `${rate(wall)} ${unit}/s`);
  print("  to the last acknowledgement", `${rate(taken)} ${unit} per second of processor time`);
  print("  and until it can be looked at", `${rate(hub.cpu - before)} ${unit} per second of processor time`);
  const compared = Math.min(frames, COMPARED);
  const bare = bareInsert(folder, compared, frameOf) * (frames / compared);
  print("  against a bare insert of the same bytes", `${(taken / bare).toFixed(1)} times its processor time`);
}

async function looked(run: string, steps: number, layered: boolean): Promise<void> {
  const hub = await BenchHub.start(storage);
  const { open, random, pan, layers, zooms } = await look(hub.endpoint, run, steps, layered);
  print(`${count(steps)} steps, after a restart: first look`, ms(open));
  print("  tile of a random window: median, p95", ms(random.median), ms(random.p95));
  print("  panned by a twentieth: median, p95", ms(pan.median), ms(pan.p95));
  if (layers) print("  layers of a random window: median, p95", ms(layers.median), ms(layers.p95));
  else print("  one spike of one step", `seen in all ${zooms} windows that have it`);
  print("  largest memory", `${count(hub.peak)} MiB`);
  await hub.stop();
}

console.log(`${cpus()[0]?.model.trim()}, ${cpus().length} cores, Node ${process.versions.node}`);
try {
  const hub = await BenchHub.start(storage);
  const spike = Math.floor(STEPS * SPIKE.at);
  const scalars = `steps of ${SCALARS_SENT.length} scalars`;
  const long: Sent = {
    what: `${count(STEPS)} ${scalars}`,
    unit: "steps",
    amount: STEPS,
    frames: Math.ceil(STEPS / FRAME_STEPS),
    frameOf: (seq) => frame("long", seq, false, spike),
  };
  await ingest(hub, long, () => send(hub.endpoint, "long", long.frames, long.frameOf));
  const layered: Sent = {
    what: `Norms of ${LAYERS} layers at ${count(LAYER_STEPS)} steps`,
    unit: "values",
    amount: LAYER_STEPS * LAYERS,
    frames: LAYER_STEPS / FRAME_STEPS,
    frameOf: (seq) => frame("layers", seq, true),
  };
  await ingest(hub, layered, () => send(hub.endpoint, "layers", layered.frames, layered.frameOf));
  const runs = Array.from({ length: RUNS }, (_, i) => `run-${i}`);
  const many: Sent = {
    what: `${RUNS} runs at once, each ${count(RUN_STEPS)} ${scalars}`,
    unit: "steps",
    amount: RUNS * RUN_STEPS,
    frames: (RUNS * RUN_STEPS) / FRAME_STEPS,
    frameOf: (seq) => frame("run", seq, false),
  };
  await ingest(hub, many, () =>
    Promise.all(runs.map((run) => send(hub.endpoint, run, RUN_STEPS / FRAME_STEPS, (seq) => frame(run, seq, false)))),
  );
  print("Largest memory", `${count(hub.peak)} MiB`);
  await hub.stop();
  print("Store", `${count(statSync(join(storage, "runs.sqlite")).size / 2 ** 20)} MiB`);
  await looked("long", STEPS, false);
  await looked("layers", LAYER_STEPS, true);
  if (values.keystrokes) await besideKeystrokes(join(folder, "server"), print);
} finally {
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}
