/** Real training processes with the probe in them. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { RENDEZVOUS_VARIABLE } from "../../protocol/rendezvous.ts";
import { pythonFrom, pythonThatRuns } from "../host/python.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
/** The folder that holds the probe. */
export const PROBE = join(ROOT, "python");
/** A Python ≥ 3.9; the tests can't do without. */
export const python = pythonFrom(9);
/** One that has PyTorch; undefined where there is none. */
export const pythonWithTorch = pythonThatRuns("import torch");

export interface Training {
  readonly process: ChildProcess;
  /** What it printed so far. */
  output(): string;
  /** Resolves once it has printed `text`. */
  printed(text: string): Promise<void>;
  /** Resolves with its exit code. */
  readonly ended: Promise<number | null>;
}

/** `python -m gradsight run script …`, as the editor's command starts it. */
export function train(interpreter: string, script: string, args: string[], rendezvous: string): Training {
  return launch(interpreter, [script, ...args], dirname(script), rendezvous);
}

/** `python -m gradsight run …`, in this folder. */
export function launch(interpreter: string, args: string[], cwd: string, rendezvous: string): Training {
  const path = [PROBE, process.env.PYTHONPATH].filter(Boolean).join(delimiter);
  const child = spawn(interpreter, ["-m", "gradsight", "run", ...args], {
    cwd,
    env: {
      ...process.env,
      PYTHONPATH: path,
      PYTHONUNBUFFERED: "1",
      OMP_NUM_THREADS: "1", // several tests train at once, and PyTorch's threads would wait for each other's cores
      [RENDEZVOUS_VARIABLE]: rendezvous,
      GRADSIGHT_STATE: dirname(rendezvous), // where a run that fails leaves its last steps
    },
    stdio: ["pipe", "pipe", "pipe"],
  });
  const ended = once(child, "close").then(([code]) => code as number | null);
  let output = "";
  const streams = [child.stdout, child.stderr];
  for (const stream of streams)
    stream.on("data", (chunk) => {
      output += chunk;
    });
  return {
    process: child,
    output: () => output,
    printed: async (text) => {
      while (!output.includes(text)) await Promise.race([...streams.map((stream) => once(stream, "data")), ended]);
    },
    ended,
  };
}
