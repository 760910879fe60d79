// Builds the probe as a pure wheel, out/gradsight-<version>-py3-none-any.whl: the same files as in the extension.
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { run } from "../programs.mjs";
import { Advice } from "../progress.mjs";
import { environment } from "../setup/environment.mjs";
import { OUT, ROOT } from "../setup/paths.mjs";
import { findPip } from "../setup/python.mjs";
import { probeFiles, readZipNames } from "./pack.mjs";

const { version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
export const WHEEL = join(OUT, `gradsight-${version}-py3-none-any.whl`);

/** The probe's websocket client must be there (`vendor`). @returns {Promise<string>} the wheel's size, for people */
export async function packageProbe(log, note = () => {}) {
  const work = mkdtempSync(join(tmpdir(), "gradsight-wheel-"));
  try {
    // A copy: setuptools leaves its build folder beside what it builds, and what is in that goes into the next wheel.
    const source = join(work, "python");
    for (const name of ["pyproject.toml", "README.md"]) cpSync(join(ROOT, "python", name), join(source, name));
    cpSync(join(ROOT, "LICENSE"), join(source, "LICENSE"));
    for (const name of probeFiles()) cpSync(join(ROOT, name), join(work, name));
    const options = { cwd: work, env: environment(), log, onLine: note };
    const python = await findPip(work, options);
    rmSync(WHEEL, { force: true });
    const wheel = ["wheel", "--disable-pip-version-check", "--progress-bar=off", "--no-deps", "--wheel-dir", OUT];
    await run(python, ["-m", "pip", ...wheel, source], options);
    const bytes = readFileSync(WHEEL);
    checkContent(readZipNames(bytes));
    return `${basename(WHEEL)}, ${(bytes.length / 1000).toFixed(0)} kB`;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** @param {string[]} names */
function checkContent(names) {
  const expected = new Set(probeFiles().map((name) => name.replace(/^python\//, "")));
  const about = new RegExp(`^gradsight-${version.replaceAll(".", "\\.")}\\.dist-info/`);
  const missing = [...expected].filter((name) => !names.includes(name));
  if (!names.some((name) => about.test(name) && name.endsWith("/LICENSE"))) missing.push("LICENSE");
  const strange = names.filter((name) => !expected.has(name) && !about.test(name));
  if (missing.length) throw new Advice(`The wheel lacks:\n  ${missing.join("\n  ")}`);
  if (strange.length) throw new Advice(`The wheel holds what it should not:\n  ${strange.join("\n  ")}`);
}
