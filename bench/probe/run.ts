/**
 * `npm run bench:probe [-- --quick] [-- --models mlp,resnet] [-- --peers ours,naive]`: what a training step takes with Gradsight,
 * and with what else shows gradient norms, as a ratio to the bare step. All trainings of a model exist at once and train in turn
 * for fractions of a second, in another order each round; `worker.py` says why. Builds nothing: `npm run build` first.
 */
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { RENDEZVOUS_VARIABLE } from "../../protocol/rendezvous.ts";
import { seeded } from "../lint/script.ts";
import { hasGpu, preparePython } from "./environment.ts";
import { type Hooks, timeHooks } from "./hooks.ts";
import { byClock, byProcessor, meanCpu, medianOf, ofOtherThreads, perStep, type Ratio } from "./ratios.ts";
import { startScratchHub } from "./scratch-hub.ts";
import { type Block, type Setting, Training } from "./training.ts";

const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    models: { type: "string", default: "mlp,char_lstm,transformer,resnet" },
    peers: { type: "string", default: "" },
    rounds: { type: "string" },
    seconds: { type: "string" },
    threads: { type: "string", default: "1" },
  },
});
const rounds = Number(values.rounds ?? (values.quick ? 8 : 40));
const seconds = Number(values.seconds ?? (values.quick ? 0.3 : 0.5));

const TREATMENTS = [
  { name: "bare", peer: "bare", label: "bare", editor: false },
  { name: "ours", peer: "ours", label: "Gradsight, an editor listens", editor: true },
  { name: "alone", peer: "ours", label: "Gradsight, no editor", editor: false },
  { name: "naive", peer: "naive", label: ".item() per parameter", editor: false },
  { name: "lightning", peer: "lightning_norm", label: "Lightning's grad_norm", editor: false },
  { name: "wandb", peer: "wandb_watch", label: "wandb.watch, each 1000th step", editor: false },
  { name: "wandb-each", peer: "wandb_watch_each", label: "wandb.watch, each step", editor: false },
  { name: "histograms", peer: "histograms", label: "TensorBoard histograms", editor: false },
  { name: "cockpit", peer: "cockpit_norm", label: "Cockpit, gradient norm", editor: false },
];
const wanted = values.peers.split(",").filter(Boolean);
const treatments = TREATMENTS.filter(({ name }) => !wanted.length || name === "bare" || wanted.includes(name));

const hub = await startScratchHub();

const print = (...cells: string[]) =>
  console.log(cells.map((cell, i) => (i ? cell.padStart(21) : cell.padEnd(32))).join(""));
const ratio = ({ value, low, high }: Ratio) => `${value.toFixed(3)} [${low.toFixed(3)}, ${high.toFixed(3)}]`;
const signed = (value: number) => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(0)} µs`;

interface Result {
  readonly treatment: string;
  readonly absent?: string;
  readonly step?: number;
  readonly clock?: Ratio;
  readonly processor?: Ratio;
  /** Seconds of processor time a step. */
  readonly overhead?: number;
  readonly otherThreads?: number;
}

async function measure(setting: Setting): Promise<Result[]> {
  const trainings = new Map<string, Training>();
  const blocks = new Map<string, Block[]>();
  for (const { name, peer, editor } of treatments) {
    const folder = mkdtempSync(join(hub.folder, `${name}-`));
    const environment = editor ? { [RENDEZVOUS_VARIABLE]: hub.rendezvous } : {};
    trainings.set(name, await Training.start(setting, peer, folder, environment));
    blocks.set(name, []);
  }
  const about = trainings.get("bare")?.about;
  if (!about) throw new Error(`the bare training does not start: ${trainings.get("bare")?.absent}`);
  const present = [...trainings].filter(([, training]) => training.about);
  const random = seeded(7);
  for (let round = -1; round < rounds; round += 1) {
    const order = present.map((entry) => ({ entry, place: random() })).sort((a, b) => a.place - b.place);
    for (const { entry } of order) {
      const block = await entry[1].train(seconds);
      if (round >= 0) blocks.get(entry[0])?.push(block); // the first round warms up
    }
  }
  for (const training of trainings.values()) training.end();

  const bare = blocks.get("bare") ?? [];
  const paired = (name: string) => (blocks.get(name) ?? []).map((block, i) => [bare[i] ?? block, block] as const);
  const overhead = (name: string) => meanCpu(paired(name), 1) - meanCpu(paired(name), 0);
  const naive = trainings.get("naive")?.about ? overhead("naive") : undefined;
  console.log("");
  print(
    `${setting.model}, ${about.device}: ${about.parameters} tensors`,
    "step",
    "× bare, by the clock",
    "× bare, CPU time",
    "CPU time",
    "of the loop's",
  );
  return treatments.map(({ name, label }) => {
    const absent = trainings.get(name)?.absent;
    if (absent) {
      print(`${label}: ${absent}`);
      return { treatment: name, absent };
    }
    const own = blocks.get(name) ?? [];
    const step = medianOf(own.map((block) => perStep(block, "wall")));
    if (name === "bare") {
      print(label, `${(1000 * step).toFixed(2)} ms`);
      return { treatment: name, step };
    }
    const clock = byClock(paired(name));
    const processor = byProcessor(paired(name));
    const more = overhead(name);
    const share = naive === undefined || name === "naive" ? "" : `${((100 * more) / naive).toFixed(0)} %`;
    print(label, `${(1000 * step).toFixed(2)} ms`, ratio(clock), ratio(processor), signed(1e6 * more), share);
    return { treatment: name, step, clock, processor, overhead: more, otherThreads: ofOtherThreads(own) };
  });
}

const python = preparePython();
const load = loadavg().map((value) => value.toFixed(1));
const machine = `${cpus()[0]?.model.trim()}, ${cpus().length} cores, load ${load.join(" ")}`;
console.log(`${machine}; ${rounds} rounds of ${seconds} s, ${values.threads} thread(s)`);
const results: Record<string, Record<string, Result[]>> = {};
const hooks: Record<string, Hooks> = {};
const gpu = hasGpu(python);
for (const device of gpu ? (["cpu", "cuda"] as const) : (["cpu"] as const)) {
  const ofDevice: Record<string, Result[]> = {};
  results[device] = ofDevice;
  for (const model of values.models.split(",")) {
    ofDevice[model] = await measure({ python, model, device, threads: Number(values.threads) });
    if (device === "cuda" || !treatments.some(({ peer }) => peer === "ours")) continue;
    const { step, own, naive, share } = timeHooks(python, model, values.quick ? 5 : 20, hub.folder);
    hooks[model] = { step, own, naive, share };
    console.log(
      `  the hooks alone: ${own.toFixed(0)} µs a step (median), ${(100 * share).toFixed(2)} % of the training thread's time in all;` +
        ` the .item() loop in the same steps: ${naive.toFixed(0)} µs`,
    );
  }
}
if (!gpu) console.log("\nNo GPU here: unmeasured.");
await hub.stop();

mkdirSync("out/bench", { recursive: true });
writeFileSync("out/bench/probe.json", `${JSON.stringify({ machine, rounds, seconds, results, hooks }, null, 2)}\n`);
