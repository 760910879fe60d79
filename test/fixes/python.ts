/** Scripts run by the Python that has the frameworks: `GRADSIGHT_TEST_PYTHON`. */
import { type ChildProcessByStdio, spawn, spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { afterAll, expect } from "vitest";

const python = process.env.GRADSIGHT_TEST_PYTHON ?? process.env.GRADSIGHT_PYTHON ?? "python3";
const WARM = fileURLToPath(new URL("../../python/tests/testing_warm.py", import.meta.url));

/** Why a script can't be run here: it says in a comment which packages it needs. */
export function missing(script: string): string | null {
  const needs = /^# Needs: (.*)$/m.exec(script)?.[1]?.split(", ") ?? [];
  const code = "import importlib.util, sys; print(*[n for n in sys.argv[1:] if not importlib.util.find_spec(n)])";
  const { status, stdout } = spawnSync(python, ["-c", code, ...needs], { encoding: "utf8" });
  if (status !== 0) return `There is no Python at ${python}: name one in GRADSIGHT_TEST_PYTHON.`;
  return stdout.trim() ? `${python} lacks ${stdout.trim()}: name another in GRADSIGHT_TEST_PYTHON.` : null;
}

const environment = { ...process.env, OMP_NUM_THREADS: "1", CUDA_VISIBLE_DEVICES: "" };

/** A process that has loaded what a script begins by importing, and no more, so that an import which a fix forgets is missed. */
interface Warm {
  readonly imports: string;
  readonly server: ChildProcessByStdio<Writable, Readable, null>;
  readonly codes: AsyncIterator<string>;
}

/** One at a time, since a framework takes up memory: scripts that import the same are best run one behind the other. */
let warm: Warm | null = null;
afterAll(() => warm?.server.kill());

function warmed(script: string): Warm {
  const imports = /^((#|import |from |os\.environ|""").*\n|\n)*/.exec(script)?.[0] ?? "";
  if (warm?.imports === imports) return warm;
  warm?.server.kill();
  const server = spawn(python, [WARM, imports], { stdio: ["pipe", "pipe", "inherit"], env: environment });
  warm = { imports, server, codes: createInterface(server.stdout)[Symbol.asyncIterator]() };
  return warm;
}

/** The lines that it prints. */
export async function printed(file: string, ...args: string[]): Promise<string[]> {
  const { server, codes } = warmed(await readFile(file, "utf8"));
  const folder = await mkdtemp(join(tmpdir(), "gradsight-printed-"));
  try {
    server.stdin.write(`${JSON.stringify({ arguments: [file, ...args], env: environment, cwd: folder, folder })}\n`);
    const { value: code } = await codes.next();
    expect(code, await readFile(join(folder, "err"), "utf8")).toBe("0");
    return (await readFile(join(folder, "out"), "utf8")).trim().split("\n");
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The number that it prints last. */
export async function run(file: string, scale: string): Promise<number> {
  const number = Number((await printed(file, scale)).at(-1));
  expect(number).not.toBeNaN();
  return number;
}
