/**
 * `npm run soak:memory [-- --steps 10000000]`: the memory of a process whose steps are recorded must stay where it was once it
 * is warm. So many steps by `gradsight.log` with an editor and without one, and a hundredth of them by PyTorch's optimizer with
 * one. Linux. Builds nothing: `npm run build` first.
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

interface Sample {
  readonly steps: number;
  /** With nothing left to be sent. */
  readonly bytes: number;
  /** With what was waiting at times. */
  readonly peak: number;
  /** Spent on steps so far. */
  readonly seconds: number;
}

const python = pythonThatRuns("import torch");
if (!python) throw new Error("no Python here has PyTorch: name one in GRADSIGHT_TEST_PYTHON");
const hub = await startScratchHub();

async function record(python: string, kind: "log" | "torch", steps: number, editor: boolean): Promise<Sample[]> {
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
let flat = true;
for (const [kind, share, editor] of [
  ["torch", 100, true],
  ["log", 1, true],
  ["log", 1, false],
] as const) {
  const steps = Math.round(total / share);
  const samples = await record(python, kind, steps, editor);
  if (samples.length < 100) throw new Error(`${kind} ended after ${samples.length} of 100 parts`);
  const median = (from: number, to: number) => medianOf(samples.slice(from, to).map(({ bytes }) => bytes));
  const [early, late] = [median(20, 40), median(80, 100)];
  const { peak, seconds } = samples.at(-1)!;
  const grew = late - early;
  flat &&= grew <= ALLOWED;
  console.log(
    `${steps.toLocaleString("en")} steps by ${kind === "log" ? "gradsight.log" : "PyTorch"}, ${editor ? "an editor listens" : "no editor"}: ` +
      `${(early / MIB).toFixed(1)} MiB → ${(late / MIB).toFixed(1)} MiB, peak ${(peak / MIB).toFixed(1)}; ` +
      `${((1e6 * seconds) / steps).toFixed(1)} µs a step${grew <= ALLOWED ? "" : ": NOT FLAT"}`,
  );
}
await hub.stop();
process.exit(flat ? 0 : 1);
