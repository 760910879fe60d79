/** Scripts run by the Python that has the frameworks: `GRADSIGHT_TEST_PYTHON`. */
import { spawn, spawnSync } from "node:child_process";
import { text } from "node:stream/consumers";
import { expect } from "vitest";

const python = process.env.GRADSIGHT_TEST_PYTHON ?? process.env.GRADSIGHT_PYTHON ?? "python3";

/** Why a script can't be run here: it says in a comment which packages it needs. */
export function missing(script: string): string | null {
  const needs = /^# Needs: (.*)$/m.exec(script)?.[1]?.split(", ") ?? [];
  const code = "import importlib.util, sys; print(*[n for n in sys.argv[1:] if not importlib.util.find_spec(n)])";
  const { status, stdout } = spawnSync(python, ["-c", code, ...needs], { encoding: "utf8" });
  if (status !== 0) return `There is no Python at ${python}: name one in GRADSIGHT_TEST_PYTHON.`;
  return stdout.trim() ? `${python} lacks ${stdout.trim()}: name another in GRADSIGHT_TEST_PYTHON.` : null;
}

/** The lines that it prints. */
export async function printed(file: string, ...args: string[]): Promise<string[]> {
  const child = spawn(python, [file, ...args], {
    env: { ...process.env, OMP_NUM_THREADS: "1", CUDA_VISIBLE_DEVICES: "" },
  });
  const exited = new Promise<number | null>((resolve) => child.on("close", resolve));
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  expect(await exited, err).toBe(0);
  return out.trim().split("\n");
}

/** The number that it prints last. */
export async function run(file: string, scale: string): Promise<number> {
  const number = Number((await printed(file, scale)).at(-1));
  expect(number).not.toBeNaN();
  return number;
}
