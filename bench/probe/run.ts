/**
 * `npm run bench:probe [-- --quick] [-- --models mlp,resnet] [-- --peers ours,naive] [-- --devices cpu,cuda]`: what a training
 * step takes with Gradsight, and with what else shows gradient norms, as a ratio to the bare step. All trainings of a model exist
 * at once and train in turn for fractions of a second, in another order each round; `worker.py` says why. `--against FOLDER` has
 * the probe of another checkout train along, whose Python packages lie in that folder. Builds nothing: `npm run build` first.
 *
 * A GPU is measured with the models that a CPU can train, whose steps are over before Python has told it all of them, and with
 * large ones, whose steps take longer than that.
 */
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { join, resolve } from "node:path";
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
    models: { type: "string", default: "mlp,char_lstm,transformer,resnet,deep_mlp" },
    peers: { type: "string", default: "" },
    rounds: { type: "string" },
    seconds: { type: "string" },
    threads: { type: "string", default: "1" },
    devices: { type: "string" },
    sizes: { type: "string" },
    against: { type: "string" },
  },
});
const rounds = Number(values.rounds ?? (values.quick ? 8 : 40));
const seconds = Number(values.seconds ?? (values.quick ? 0.3 : 0.5));

interface Treatment {
  readonly name: string;
  readonly peer: string;
  readonly label: string;
  readonly editor: boolean;
  readonly probe?: string;
}
const TREATMENTS: readonly Treatment[] = [
  { name: "bare", peer: "bare", label: "bare", editor: false },
  { name: "ours", peer: "ours", label: "Gradsight, an editor listens", editor: true },
  ...(values.against
    ? [
        {
          name: "against",
          peer: "ours",
          label: `that in ${values.against}`,
          editor: true,
          probe: resolve(values.against),
        },
      ]
    : []),
  { name: "alone", peer: "ours", label: "Gradsight, no editor", editor: false },
  { name: "naive", peer: "naive", label: ".item() per parameter", editor: false },
  { name: "lightning", peer: "lightning_norm", label: "Lightning's grad_norm", editor: false },
  { name: "wandb", peer: "wandb_watch", label: "wandb.watch, each 1000th step", editor: false },
  { name: "wandb-each", peer: "wandb_watch_each", label: "wandb.watch, each step", editor: false },
  { name: "histograms", peer: "histograms", label: "TensorBoard histograms", editor: false },
  { name: "cockpit", peer: "cockpit_norm", label: "Cockpit, gradient norm", editor: false },
];
const wanted = values.peers.split(",").filter(Boolean);
const treatments = TREATMENTS.filter(
  ({ name }) => !wanted.length || name === "bare" || name === "against" || wanted.includes(name),
);

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
  const started = await Promise.all(
    treatments.map(({ name, peer, editor, probe }) => {
      const folder = mkdtempSync(join(hub.folder, `${name}-`));
      return Training.start(setting, peer, folder, editor ? { [RENDEZVOUS_VARIABLE]: hub.rendezvous } : {}, probe);
    }),
  );
  treatments.forEach(({ name }, i) => {
    const training = started[i];
    if (training) trainings.set(name, training);
    blocks.set(name, []);
  });
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
    `${setting.model}, ${setting.size}, ${about.device}: ${about.parameters} tensors, ${(about.elements / 1e6).toFixed(1)} M`,
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
      print(`${label}: torch ${about.torch}, Python ${about.python}`, `${(1000 * step).toFixed(2)} ms`);
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

/** Of one with an editor and one without, which are the same hooks, the first. */
const isOurs = ({ name }: Treatment, _: number, all: readonly Treatment[]) =>
  name === "ours" || name === "against" || (name === "alone" && !all.some((other) => other.name === "ours"));

function sayHooks(model: string, name: string, label: string, probe: string | undefined): void {
  const { step, own, naive, share } = timeHooks(python, model, values.quick ? 5 : 20, hub.folder, probe);
  hooks[`${model}, ${name}`] = { step, own, naive, share };
  console.log(
    `  the hooks alone (${label}): ${own.toFixed(0)} µs a step (median), ${(100 * share).toFixed(2)} % of the training thread's` +
      ` time in all; the .item() loop in the same steps: ${naive.toFixed(0)} µs`,
  );
}

const python = preparePython();
const load = loadavg().map((value) => value.toFixed(1));
const machine = `${cpus()[0]?.model.trim()}, ${cpus().length} cores, load ${load.join(" ")}`;
console.log(`${machine}; ${rounds} rounds of ${seconds} s, ${values.threads} thread(s)`);
const results: Record<string, Record<string, Result[]>> = {};
const hooks: Record<string, Hooks> = {};
const gpu = hasGpu(python);
const DEVICES = { cpu: ["small"], cuda: ["small", "large"] } as const;
const chosen = (given: string | undefined, name: string) => !given || given.split(",").includes(name);
const settings = (["cpu", "cuda"] as const)
  .filter((device) => (device === "cpu" || gpu) && chosen(values.devices, device))
  .flatMap((device) => DEVICES[device].map((size) => ({ device, size })))
  .filter(({ size }) => chosen(values.sizes, size));
for (const { device, size } of settings) {
  const ofSetting: Record<string, Result[]> = {};
  results[`${device}, ${size}`] = ofSetting;
  for (const model of values.models.split(",")) {
    ofSetting[model] = await measure({ python, model, size, device, threads: Number(values.threads) });
    if (device === "cpu")
      for (const { name, label, probe } of treatments.filter(isOurs)) sayHooks(model, name, label, probe);
  }
}
if (!gpu && chosen(values.devices, "cuda")) console.log("\nNo GPU here: unmeasured.");
await hub.stop();

mkdirSync("out/bench", { recursive: true });
writeFileSync("out/bench/probe.json", `${JSON.stringify({ machine, rounds, seconds, results, hooks }, null, 2)}\n`);
