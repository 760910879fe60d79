import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { endOnSignals } from "../programs.mjs";
import { Advice, bold, explain, red, say, seconds, step } from "../progress.mjs";
import { setUpBrowser } from "../setup/browser.mjs";
import { SETUP_LOCK } from "../setup/hand-over.mjs";
import { withLock } from "../setup/lock.mjs";
import { OUT } from "../setup/paths.mjs";
import { setUpTestPython } from "../setup/python.mjs";
import { setUpVscodeServer } from "../setup/vscode-server.mjs";
import { vendor } from "../vendor.mjs";
import { STAGES } from "./stages.mjs";

const SET_UP = { browser: setUpBrowser, python: setUpTestPython, vendored: vendor, vscode: setUpVscodeServer };

endOnSignals();

const started = performance.now();
const total = { passed: 0, failed: 0, skipped: 0 };
try {
  const stages = chosen();
  await withLock(SETUP_LOCK, () => setUp(stages), say);
  mkdirSync(join(OUT, "test"), { recursive: true });
  for (const stage of stages) {
    const held = await runStage(stage);
    if (!held && stage.essential) throw new Advice(`The stages after “${stage.title}” need it and were not run.`);
  }
} catch (error) {
  explain(error);
  total.failed += 1;
}
say();
say(`${seconds(started)} in all, logs in out/test/`);
// The line that other tools read: nothing else stands on it, and nothing follows.
say(`${total.passed} passed, ${total.failed} failed${total.skipped ? `, ${total.skipped} skipped` : ""}`);
process.exit(total.failed > 0 ? 1 : 0);

function chosen() {
  const { values } = parseArgs({ options: { only: { type: "string" } } });
  if (values.only === undefined) return STAGES;
  const names = values.only.split(",");
  const unknown = names.filter((name) => !STAGES.some((stage) => stage.name === name));
  if (unknown.length)
    throw new Advice(
      `No stage is called ${unknown.join(", ")}. There are: ${STAGES.map(({ name }) => name).join(", ")}.`,
    );
  return STAGES.filter(({ name }) => names.includes(name));
}

async function setUp(stages) {
  for (const need of new Set(stages.flatMap(({ needs = [] }) => needs))) await SET_UP[need]();
}

async function runStage(stage) {
  const log = join(OUT, "test", `${stage.name}.log`);
  rmSync(log, { force: true });
  try {
    await step(stage.title, async (note) => {
      const result = await stage.run({ log, note });
      return typeof result === "object" ? count(result) : result;
    });
    return true;
  } catch (error) {
    if (error.counts) say(`  ${red(count(error.counts))}`);
    else total.failed += 1;
    explain(error);
    say(bold(`  again: npm test -- --only ${stage.name}`));
    return false;
  }
}

function count(counts) {
  for (const key of Object.keys(total)) total[key] += counts[key];
  const parts = [`${counts.passed} passed`];
  if (counts.failed) parts.push(`${counts.failed} failed`);
  if (counts.skipped) parts.push(`${counts.skipped} skipped`);
  return parts.join(", ");
}
