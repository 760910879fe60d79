/** A Python ≥ 3.9 and, for the tests, a virtual environment with what `python/requirements-test.txt` names. */
import { spawnSync } from "node:child_process";
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { ProgramFailed, run } from "../programs.mjs";
import { Advice, step } from "../progress.mjs";
import { OUT, ROOT, VENV, VENV_PYTHON } from "./paths.mjs";
import { digest, isStamped, writeStamp } from "./stamp.mjs";

const REQUIREMENTS = join(ROOT, "python", "requirements-test.txt");
const STAMP = join(VENV, ".gradsight-stamp");

/**
 * The first Python ≥ 3.9 among the one named by GRADSIGHT_PYTHON, an active virtual environment's and those in PATH.
 * @returns {string} an absolute path
 */
export function findPython() {
  const tried = [];
  const named = process.env.GRADSIGHT_PYTHON;
  for (const candidate of named ? [named] : ["python3", "python", "py"]) {
    const { stdout, status } = spawnSync(
      candidate,
      [
        "-c",
        "import sys; print(sys.executable); print('%d.%d' % sys.version_info[:2]); print(sys.version_info >= (3, 9))",
      ],
      { encoding: "utf8" },
    );
    const [executable, version, enough] = (stdout ?? "").trim().split(/\r?\n/);
    if (status === 0 && executable && enough === "True") return executable;
    if (version) tried.push(`${candidate} is Python ${version}`);
  }
  throw new Advice(
    `Python 3.9 or later is needed${tried.length ? ` (${tried.join(", ")})` : ", and none was found"}.\n` +
      "Install it (on Debian: sudo apt-get install python3 python3-venv), or name one: GRADSIGHT_PYTHON=/path/to/python3.",
  );
}

/** Whether the interpreter can import PyTorch. */
export function hasTorch(python) {
  return (
    spawnSync(python, ["-c", "import importlib.util, sys; sys.exit(importlib.util.find_spec('torch') is None)"])
      .status === 0
  );
}

/**
 * A Python with pip: Debian's own comes without, but a virtual environment, made in the folder `work`, brings one.
 * @returns {Promise<string>}
 */
export async function findPip(work, options) {
  const python = findPython();
  for (const candidate of [python, VENV_PYTHON]) {
    try {
      await run(candidate, ["-m", "pip", "--version"], options);
      return candidate;
    } catch (error) {
      if (!(error instanceof ProgramFailed)) throw error;
    }
  }
  const environment = join(work, "environment");
  try {
    await run(python, ["-m", "venv", environment], options);
  } catch {
    throw new Advice(`${python} has neither pip nor venv. On Debian: sudo apt-get install python3-pip python3-venv`);
  }
  return pythonOf(environment);
}

/** The interpreter of a virtual environment. */
export const pythonOf = (environment) =>
  join(environment, ...(process.platform === "win32" ? ["Scripts", "python.exe"] : ["bin", "python"]));

/** @returns {Promise<string>} the interpreter of the test environment */
export async function setUpTestPython() {
  const python = findPython();
  const wanted = digest([REQUIREMENTS], [python]);
  if (isStamped(STAMP, wanted) && existsSync(VENV_PYTHON)) return VENV_PYTHON;
  await step("Python test environment", async (note) => {
    const options = { cwd: ROOT, log: join(OUT, "setup", "python.log"), onLine: note };
    rmSync(VENV, { recursive: true, force: true });
    try {
      await run(python, ["-m", "venv", VENV], options);
    } catch (error) {
      if (!/ensurepip|No module named venv/.test(error.tail)) throw error;
      throw new Advice(`${python} can't make virtual environments. On Debian: sudo apt-get install python3-venv`);
    }
    const install = ["-m", "pip", "install", "--disable-pip-version-check", "--progress-bar=off"];
    await run(VENV_PYTHON, [...install, "-r", REQUIREMENTS], options);
    writeStamp(STAMP, wanted);
  });
  return VENV_PYTHON;
}
