/** The stages of `npm test`, in order. Each has a log of its own; those that run tests say how many passed and failed. */
import { existsSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { packageExtension } from "../package/pack.mjs";
import { packageProbe } from "../package/wheel.mjs";
import { ProgramFailed, run } from "../programs.mjs";
import { environment } from "../setup/environment.mjs";
import { OUT, ROOT, VENV_PYTHON } from "../setup/paths.mjs";
import { checkInstalls } from "./install.mjs";
import { readJunit, readMocha, readVitest } from "./reports.mjs";

/**
 * @typedef {import("./reports.mjs").Counts} Counts
 * @typedef {{ log: string, note: (text: string) => void }} Stage what a stage is given
 * @typedef {{
 *   name: string,
 *   title: string,
 *   essential?: boolean, what comes after can't run without it
 *   needs?: readonly ("browser" | "python" | "vendored" | "vscode")[],
 *   run(stage: Stage): Promise<Counts | string | void>,
 * }} StageDefinition
 */

const LIMIT = 15 * 60_000;
const RESULTS = join(OUT, "test");
/** What of our Python code is no input of a test. */
const PYTHON = ["python", "bench", "examples"];
const PROBE_TESTS = join(ROOT, "python", "tests");
const bin = (name) => join(ROOT, "node_modules", name);

/** @type {readonly StageDefinition[]} */
export const STAGES = [
  { name: "typecheck", title: "Types", run: (stage) => node(stage, ["scripts/typecheck.mjs"]) },
  {
    name: "lint",
    title: "Lint and format",
    run: (stage) => node(stage, [bin("@biomejs/biome/bin/biome"), "check", "--error-on-warnings", "."]),
  },
  {
    name: "docs",
    title: "Generated documents are up to date",
    run: (stage) => node(stage, ["scripts/docs.mjs", "--check"]),
  },
  {
    name: "package",
    essential: true,
    title: "Build and package",
    needs: ["vendored"],
    run: async ({ log, note }) => {
      const sizes = [await packageExtension(log, note), await packageProbe(log, note)];
      return sizes.join("; ");
    },
  },
  {
    name: "install",
    title: "The probe in fresh environments",
    run: (stage) => checkInstalls(stage),
  },
  {
    name: "ruff",
    title: "Lint and format of the Python code (Ruff)",
    needs: ["python"],
    run: async (stage) => {
      const ruff = (...command) =>
        program(stage, VENV_PYTHON, ["-m", "ruff", ...command, "--config", "python/pyproject.toml", ...PYTHON]);
      await ruff("check");
      await ruff("format", "--check");
    },
  },
  {
    name: "mypy",
    title: "Types of the probe (mypy)",
    needs: ["python", "vendored"],
    run: (stage) =>
      program(stage, VENV_PYTHON, ["-m", "mypy", "--config-file", "python/pyproject.toml", "python/gradsight"]),
  },
  {
    name: "unit",
    title: "Unit tests",
    needs: ["python", "vendored"],
    run: (stage) =>
      counted(join(RESULTS, "unit.json"), readVitest, (report) =>
        node(stage, [
          bin("vitest/vitest.mjs"),
          "run",
          "--reporter=default",
          "--reporter=json",
          `--outputFile.json=${report}`,
        ]),
      ),
  },
  {
    name: "pytest",
    title: "Probe tests (pytest)",
    needs: ["python", "vendored"],
    run: probeTests,
  },
  {
    name: "dashboard",
    title: "Dashboard in Chromium",
    needs: ["browser", "vscode"],
    run: (stage) =>
      counted(join(RESULTS, "dashboard.xml"), readJunit, (report) =>
        node(stage, [
          "scripts/test/dashboard.mjs",
          ...["--test-reporter=spec", "--test-reporter-destination=stdout"],
          ...["--test-reporter=junit", `--test-reporter-destination=${report}`],
        ]),
      ),
  },
  {
    name: "vscode",
    title: "Extension in VS Code",
    needs: ["vendored", "browser", "vscode"],
    run: (stage) =>
      counted(join(RESULTS, "vscode.json"), readMocha, (report) =>
        node(stage, ["scripts/test/vscode.mjs", "--report", report]),
      ),
  },
  {
    name: "web",
    title: "Extension in VS Code for the Web",
    needs: ["browser", "vscode"],
    run: (stage) =>
      counted(join(RESULTS, "web.json"), readMocha, (report) =>
        node(stage, ["scripts/test/web.mjs", "--report", report]),
      ),
  },
  {
    name: "check",
    title: "The whole loop, end to end",
    needs: ["vendored", "browser", "vscode"],
    run: (stage) => node(stage, ["scripts/start/main.mjs", "--check"]),
  },
];

/** In two processes: one waits most of the time for the scripts that it has started, each of which keeps one core busy. */
async function probeTests(stage) {
  const halves = await Promise.allSettled(
    halvesOf(PROBE_TESTS).map((files, i) =>
      counted(join(RESULTS, `pytest-${i + 1}.xml`), readJunit, (report) =>
        program(stage, VENV_PYTHON, ["-m", "pytest", ...files, `--junitxml=${report}`]),
      ),
    ),
  );
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const { value, reason } of halves) {
    const of = value ?? reason.counts ?? { passed: 0, failed: 1, skipped: 0 };
    for (const key of Object.keys(counts)) counts[key] += of[key];
  }
  const failed = halves.find(({ status }) => status === "rejected");
  if (failed) throw Object.assign(failed.reason, { counts });
  return counts;
}

/** The test files of a folder, in two parts of which neither has much more in it. */
function halvesOf(folder) {
  const files = readdirSync(folder).filter((name) => /^test_.*\.py$/.test(name));
  const paths = files.map((name) => join(folder, name)).sort((a, b) => statSync(b).size - statSync(a).size);
  return [0, 1].map((half) => paths.filter((_, i) => [0, 3].includes(i % 4) === (half === 0)));
}

/** Runs a stage's program; where it leaves a report, the report says what failed, and its absence is a failure too. */
async function counted(report, read, work) {
  rmSync(report, { force: true });
  try {
    await work(report);
  } catch (error) {
    if (!(error instanceof ProgramFailed) || !existsSync(report)) throw error;
    const counts = read(report);
    throw Object.assign(error, { counts: counts.failed > 0 ? counts : { ...counts, failed: 1 } });
  }
  const counts = read(report);
  if (counts.passed === 0) throw new Error("No test ran.");
  return counts;
}

const node = (stage, args) => program(stage, process.execPath, args);

async function program({ log, note }, command, args) {
  await run(command, args, {
    cwd: ROOT,
    env: environment({ FORCE_COLOR: "0", NO_COLOR: "1" }),
    log,
    onLine: note,
    limit: LIMIT,
  });
}
