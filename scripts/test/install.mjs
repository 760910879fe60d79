/** The probe as a user installs it: its wheel, and its sources, each into a fresh environment that has nothing else. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { WHEEL } from "../package/wheel.mjs";
import { ProgramFailed, run } from "../programs.mjs";
import { ROOT } from "../setup/paths.mjs";
import { findPython, pythonOf } from "../setup/python.mjs";

const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
const LIMIT = 5 * 60_000;
const SOURCES = join(ROOT, "python");

const SCRIPT = `import gradsight, math, sys
for step in range(5):
    gradsight.log(step, norm=math.nan if step == 4 else 1.0)
sys.exit(f"{sys.argv[1:]} in {gradsight.__file__}")
`;

/** @throws where an installed probe doesn't do what it should */
export async function checkInstalls({ log, note }) {
  const work = mkdtempSync(join(tmpdir(), "gradsight-install-"));
  try {
    writeFileSync(join(work, "train.py"), SCRIPT);
    for (const [name, from] of [
      ["wheel", WHEEL],
      ["sources", SOURCES],
    ])
      await checkInstall(
        { cwd: work, log, onLine: note, limit: LIMIT, env: bareEnvironment(work) },
        join(work, name),
        from,
      );
  } finally {
    rmSync(work, { recursive: true, force: true });
    rmSync(join(SOURCES, "build"), { recursive: true, force: true }); // what setuptools leaves
  }
}

async function checkInstall(options, folder, from) {
  await run(findPython(), ["-m", "venv", folder], options);
  const python = pythonOf(folder);
  const probe = (...args) => run(python, ["-m", "gradsight", ...args], options);
  await run(python, ["-m", "pip", "install", "--disable-pip-version-check", "--progress-bar=off", from], options);
  expect(await probe("--version"), `gradsight ${version}`);
  expect(await failure(probe("run", "train.py", "--epochs", "3")), "['--epochs', '3'] in", folder);
  expect(await probe("why"), "train.py (run ", "The first bad one was step 4");
  const installed = (
    await run(python, ["-m", "pip", "--disable-pip-version-check", "list", "--format=freeze"], options)
  )
    .split("\n")
    .map((line) => line.split("==")[0])
    .filter((name) => !["pip", "setuptools", "wheel"].includes(name));
  expect(installed.toSorted().join(", "), "gradsight, websockets");
  if (installed.length !== 2) throw new Error(`Installing the probe brought more along: ${installed.join(", ")}.`);
}

/** Without what would let Python find this checkout, or an editor, or a run of the user's own. */
function bareEnvironment(work) {
  const kept = Object.entries(process.env).filter(([name]) => !/^(GRADSIGHT_|PYTHON)/.test(name));
  return { ...Object.fromEntries(kept), GRADSIGHT_STATE: join(work, "state") };
}

function expect(output, ...parts) {
  for (const part of parts) if (!output.includes(part)) throw new Error(`Expected ${part} in:\n${output}`);
}

async function failure(promise) {
  try {
    await promise;
  } catch (error) {
    if (error instanceof ProgramFailed) return error.tail;
    throw error;
  }
  throw new Error("It should have failed.");
}
