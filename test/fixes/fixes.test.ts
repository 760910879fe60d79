/**
 * Fixes executed: each script in `scripts/` is a training script without clipping. It takes one step of plain gradient
 * descent with a learning rate of 1, from weights of zero and with the loss multiplied by its argument, and prints the
 * norm of its weights: that of the gradient which reached the update. The command line fixes a copy of it, and both are
 * run. `npm run test:fixes`, with the Python that has the frameworks in `GRADSIGHT_TEST_PYTHON`.
 */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { type JsonFinding, Project } from "../cli/project.ts";
import { missing, run } from "./python.ts";

const SCRIPTS = fileURLToPath(new URL("scripts/", import.meta.url));
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
    const small = await norm("before.py", "1e-4");
    expect(small).toBeLessThan(threshold);
    const clipped = await norm("after.py", "1e4");
    expect(clipped).toBeGreaterThan(0.99 * threshold);
    expect(clipped).toBeLessThan(1.001 * threshold);
    expect(await norm("after.py", "1e-4")).toBeCloseTo(small, 7);
  });
});

/** The number that the fix says it clips at. */
function thresholdOf(findings: readonly JsonFinding[]): number {
  const said = findings.map(({ fix }) => /to a norm of ([\d.e+-]+)/.exec(fix?.message ?? "")?.[1]);
  expect(said).not.toContain(undefined);
  const [threshold, ...others] = new Set(said.map(Number));
  expect(others).toEqual([]);
  return threshold as number;
}
