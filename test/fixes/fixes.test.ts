/**
 * Fixes executed: each script in `scripts/` is a training script without clipping. It takes one step of plain gradient
 * descent with a learning rate of 1, from weights of zero and with the loss multiplied by its argument, and prints the
 * norm of its weights: that of the gradient which reached the update. The command line fixes a copy of it, and both are
 * run. `npm run test:fixes`, with the Python that has the frameworks in `GRADSIGHT_TEST_PYTHON`.
 */
import { spawn, spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { type JsonFinding, Project } from "../cli/project.ts";

const SCRIPTS = fileURLToPath(new URL("scripts/", import.meta.url));
const python = process.env.GRADSIGHT_TEST_PYTHON ?? process.env.GRADSIGHT_PYTHON ?? "python3";
const LIMIT = 300_000;

const project = new Project();

describe.each(readdirSync(SCRIPTS).filter((name) => name.endsWith(".py")))("%s", (name) => {
  const script = readFileSync(SCRIPTS + name, "utf8");

  it("lets no gradient above the threshold through, and leaves small ones alone", {
    timeout: LIMIT,
  }, async (context) => {
    const lacking = missing(script);
    if (lacking) return context.skip(lacking);
    await project.write({ "before.py": script, "after.py": script });
    const { out } = await project.run(["lint", "after.py", "--format", "json", "--exit-zero"]);
    const threshold = thresholdOf(JSON.parse(out));
    await project.run(["lint", "after.py", "--fix", "--unsafe-fixes", "--exit-zero"]);
    expect(await project.lint("after.py", "--exit-zero", "--min-severity", "information")).toEqual([]);

    const norm = (file: string, scale: string) => run(project.path(file), scale);
    expect(await norm("before.py", "1e4")).toBeGreaterThan(10 * threshold);
    const clipped = await norm("after.py", "1e4");
    expect(clipped).toBeGreaterThan(0.99 * threshold);
    expect(clipped).toBeLessThan(1.001 * threshold);
    const small = await norm("before.py", "1e-4");
    expect(small).toBeLessThan(threshold);
    expect(await norm("after.py", "1e-4")).toBeCloseTo(small, 7);
  });
});

/** Why a script can't be run here: it says in a comment which packages it needs. */
function missing(script: string): string | null {
  const needs = /^# Needs: (.*)$/m.exec(script)?.[1]?.split(", ") ?? [];
  const code = "import importlib.util, sys; print(*[n for n in sys.argv[1:] if not importlib.util.find_spec(n)])";
  const { status, stdout } = spawnSync(python, ["-c", code, ...needs], { encoding: "utf8" });
  if (status !== 0) return `There is no Python at ${python}: name one in GRADSIGHT_TEST_PYTHON.`;
  return stdout.trim() ? `${python} lacks ${stdout.trim()}: name another in GRADSIGHT_TEST_PYTHON.` : null;
}

/** The number that the fix says it clips at. */
function thresholdOf(findings: readonly JsonFinding[]): number {
  const said = findings.map(({ fix }) => /to a norm of ([\d.e+-]+)/.exec(fix?.message ?? "")?.[1]);
  expect(said).not.toContain(undefined);
  const [threshold, ...others] = new Set(said.map(Number));
  expect(others).toEqual([]);
  return threshold as number;
}

/** The number that it prints last. */
async function run(file: string, scale: string): Promise<number> {
  const child = spawn(python, [file, scale], {
    env: { ...process.env, OMP_NUM_THREADS: "1", CUDA_VISIBLE_DEVICES: "" },
  });
  const exited = new Promise<number | null>((resolve) => child.on("close", resolve));
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  expect(await exited, err).toBe(0);
  const printed = Number(out.trim().split("\n").at(-1));
  expect(printed).not.toBeNaN();
  return printed;
}
