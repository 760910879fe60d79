/**
 * `npm run soak:memory [-- --steps 10000000]`: the memory of a process whose steps are recorded must stay where it was once it
 * is warm, and must never exceed that by more than what may wait. So many steps by `gradsight.log` with an editor and without one,
 * no faster than they are taken; a tenth of them as fast as a loop can make them; a hundredth by PyTorch's optimizer. Linux. Builds
 * nothing: `npm run build` first.
 */
import { spawn } from "node:child_process";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { RENDEZVOUS_VARIABLE } from "../../protocol/rendezvous.ts";
import { pythonThatRuns } from "../../test/host/python.ts";
import { medianOf } from "./ratios.ts";
import { startScratchHub } from "./scratch-hub.ts";

const { values } = parseArgs({ options: { steps: { type: "string", default: "10000000" } } });
const MIB = 2 ** 20;
/**
 * By which the median of the last fifth may exceed that of the second: what the allocator keeps differs by so much. An object
 * left behind at each of ten million steps would be some hundred times that.
 */
const ALLOWED = 4 * MIB;
/** What may wait, as python/README.md says. */
const MAY_WAIT = 99 * MIB;

interface Sample {
  readonly steps: number;
  /** With nothing left to be sent. */
  readonly bytes: number;
  /** With what was waiting at times. */
  readonly peak: number;
  /** Spent on steps so far. */
  readonly seconds: number;
}

type Kind = "log" | "burst" | "torch";
const NAMES: Record<Kind, string> = { log: "gradsight.log", burst: "gradsight.log in a bare loop", torch: "PyTorch" };

const python = pythonThatRuns("import torch");
if (!python) throw new Error("no Python here has PyTorch: name one in GRADSIGHT_TEST_PYTHON");
const hub = await startScratchHub();

async function record(python: string, kind: Kind, steps: number, editor: boolean): Promise<Sample[]> {
  const child = spawn(python, [join(import.meta.dirname, "memory.py"), kind, String(steps)], {
    stdio: ["ignore", "pipe", "inherit"],
    env: {
      ...process.env,
      PYTHONPATH: resolve("python"),
      GRADSIGHT_STATE: hub.folder,
      [RENDEZVOUS_VARIABLE]: editor ? hub.rendezvous : undefined,
    },
  });
  const samples: Sample[] = [];
  for await (const line of createInterface({ input: child.stdout })) samples.push(JSON.parse(line));
  return samples;
}

const total = Number(values.steps);
let held = true;
const mib = (bytes: number) => (bytes / MIB).toFixed(1);
for (const [kind, share, editor] of [
  ["torch", 100, true],
  ["burst", 10, true],
  ["burst", 10, false],
  ["log", 1, true],
  ["log", 1, false],
] as const) {
  const steps = Math.round(total / share);
  const [first, ...samples] = await record(python, kind, steps, editor);
  if (samples.length < 100) throw new Error(`${kind} ended after ${samples.length} of 100 parts`);
  const median = (from: number, to: number) => medianOf(samples.slice(from, to).map(({ bytes }) => bytes));
  const [early, late] = [median(20, 40), median(80, 100)];
  const { peak, seconds } = samples.at(-1)!;
  const faults: string[] = [];
  // Of steps that come faster than they are taken, what the allocator keeps is what waited.
  if (kind !== "burst" && late - early > ALLOWED) faults.push("NOT FLAT");
  // PyTorch's own memory grows as it warms up.
  if (kind !== "torch" && peak - first!.bytes > MAY_WAIT) faults.push("ABOVE THE BOUND");
  held &&= faults.length === 0;
  console.log(
    `${steps.toLocaleString("en")} steps by ${NAMES[kind]}, ${editor ? "an editor listens" : "no editor"}: ` +
      `${mib(first!.bytes)} MiB at first, ${mib(early)} → ${mib(late)}, peak ${mib(peak)}; ` +
      `${((1e6 * seconds) / steps).toFixed(1)} µs a step ${faults.join(", ")}`,
  );
}
await hub.stop();
process.exit(held ? 0 : 1);
