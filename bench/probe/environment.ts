/** The Python that the bench runs in: GRADSIGHT_BENCH_PYTHON, or a virtual environment with each peer in one version. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";

const ENVIRONMENT = resolve("out/bench/probe-venv");
const PEERS = [
  "torch==2.13.0",
  "numpy==2.2.6",
  "lightning==2.6.6",
  "wandb==0.31.0",
  "tensorboard==2.21.0",
  "websockets==15.0.1",
];
/**
 * What it needs besides itself it doesn't name, and its own requirements can't all be met any more: with one of them, which it
 * makes no use of here, another PyTorch would come, or one that Lightning can't be imported beside.
 */
const COCKPIT = ["cockpit-for-pytorch==1.0.2", "backpack-for-pytorch==1.7.1", "unfoldNd==0.2.3"];
const BESIDE_COCKPIT = ["einops", "json-tricks", "matplotlib", "pandas", "scipy", "seaborn", "setuptools<81"];

/** @returns an interpreter. @throws {Error} where there is neither Python nor a package index */
export function preparePython(): string {
  const named = process.env.GRADSIGHT_BENCH_PYTHON;
  if (named) return named;
  const python = join(ENVIRONMENT, ...(process.platform === "win32" ? ["Scripts", "python.exe"] : ["bin", "python"]));
  if (!existsSync(python)) execute(process.env.GRADSIGHT_PYTHON ?? "python3", ["-m", "venv", ENVIRONMENT]);
  const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
  execute(python, [...pip, ...PEERS]);
  for (const packages of [
    [...PEERS, ...BESIDE_COCKPIT],
    ["--no-deps", ...COCKPIT],
  ])
    spawnSync(python, [...pip, ...packages]); // where it can't be had, the bench says so
  return python;
}

function execute(command: string, args: readonly string[]): void {
  const { status, error, stderr } = spawnSync(command, args, { encoding: "utf8" });
  if (error ?? status !== 0)
    throw new Error(
      `${command} ${args.join(" ")} failed. The bench needs Python 3.9 or newer with venv, and a package index, or a` +
        ` Python that has the peers in GRADSIGHT_BENCH_PYTHON.\n${error ?? stderr}`,
    );
}

export const hasGpu = (python: string): boolean =>
  spawnSync(python, ["-c", "import sys, torch; sys.exit(not torch.cuda.is_available())"]).status === 0;
