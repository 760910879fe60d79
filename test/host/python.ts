/** The Python interpreters that the tests may use. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const VENV = process.platform === "win32" ? [".venv", "Scripts", "python.exe"] : [".venv", "bin", "python"];

/** Best first. */
const PYTHONS = [
  process.env.GRADSIGHT_TEST_PYTHON,
  join(ROOT, ...VENV),
  process.env.GRADSIGHT_PYTHON,
  "python3",
  "python",
]
  .filter((python) => python !== undefined)
  .filter((python) => dirname(python) === "." || existsSync(python));

/** One in which this code runs to its end; undefined where there is none. */
export const pythonThatRuns = (code: string) => PYTHONS.find((python) => spawnSync(python, ["-c", code]).status === 0);

export const pythonFrom = (minor: number) => pythonThatRuns(`import sys; assert sys.version_info >= (3, ${minor})`);
