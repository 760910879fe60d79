/** The peers and the tree of real code, each of one version, in a virtual environment of their own. */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";

const ENVIRONMENT = resolve("out/bench/lint-venv");
const PEERS = ["ruff==0.17.6", "torchfix==0.7.0", "pylint==4.1.4"];
const TREE = "transformers==5.18.0";

const windows = process.platform === "win32";
const BIN = join(ENVIRONMENT, windows ? "Scripts" : "bin");
export const program = (name: string) => join(BIN, windows ? `${name}.exe` : name);
export const python = program("python");

function execute(command: string, args: readonly string[]): void {
  const { status, error, stderr } = spawnSync(command, args, { encoding: "utf8" });
  if (error ?? status !== 0)
    throw new Error(
      `${command} ${args.join(" ")} failed. The bench needs Python 3 with venv, and a package index.\n${error ?? stderr}`,
    );
}

export function preparePeers(): void {
  if (!existsSync(python)) execute(process.env.GRADSIGHT_PYTHON ?? "python3", ["-m", "venv", ENVIRONMENT]);
  const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
  execute(python, [...pip, ...PEERS]);
}

/** The sources of `transformers` alone: to be read, they need none of what they import. */
export function prepareTree(): string {
  execute(python, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", TREE]);
  const library = windows ? join(ENVIRONMENT, "Lib") : join(ENVIRONMENT, "lib");
  const packages = windows ? library : join(library, readdirSync(library).find((name) => /^python3/.test(name)) ?? "");
  return join(packages, "site-packages", "transformers");
}
