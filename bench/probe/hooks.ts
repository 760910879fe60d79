/** `hooks.py`: what the hooks take where they run. */
import { spawnSync } from "node:child_process";
import { delimiter, join, resolve } from "node:path";
import { medianOf } from "./ratios.ts";

const FOLDER = import.meta.dirname;

/** Microseconds of processor time a step, medians; `share`: of the training thread's time, of all steps together. */
export interface Hooks {
  readonly step: number;
  readonly own: number;
  readonly naive: number;
  readonly share: number;
}

export function timeHooks(
  python: string,
  model: string,
  seconds: number,
  scratch: string,
  probe = resolve("python"),
): Hooks {
  const { stdout, status, stderr } = spawnSync(python, [join(FOLDER, "hooks.py"), model, String(seconds)], {
    encoding: "utf8",
    maxBuffer: 2 ** 28,
    env: {
      ...process.env,
      PYTHONPATH: [probe, FOLDER].join(delimiter),
      GRADSIGHT_STATE: scratch,
      GRADSIGHT_RENDEZVOUS: undefined,
    },
  });
  if (status !== 0) throw new Error(`the hooks of ${model} can't be timed: ${stderr}`);
  const { steps, hooks, naive } = JSON.parse(stdout) as Record<"steps" | "hooks" | "naive", number[]>;
  const sum = (all: readonly number[]) => all.reduce((total, value) => total + value, 0);
  return {
    step: medianOf(steps) / 1000,
    own: medianOf(hooks) / 1000,
    naive: medianOf(naive) / 1000,
    share: sum(hooks) / sum(steps),
  };
}
