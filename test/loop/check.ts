/**
 * The whole loop as a user goes through it, unattended: the packaged extension, a real VS Code in a headless browser, a
 * real Python process. Each stage leaves a picture in out/check/; the first that does not hold ends the check.
 */
import { cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { say, step } from "../../scripts/progress.mjs";
import { scratchFolder } from "../../scripts/scratch.mjs";
import { OUT, ROOT } from "../../scripts/setup/paths.mjs";
import type { Example } from "../../scripts/start/example.mjs";
import { openBrowser } from "../host/browser.ts";
import { startVscodeHost } from "../host/vscode-host.ts";
import { Workbench } from "../host/workbench.ts";
import { applyQuickFix, showFinding, undoThreshold, writeThreshold } from "./editing.ts";
import type { Loop } from "./loop.ts";
import { reloadDuringRun } from "./reloading.ts";
import { saveCharts } from "./saving.ts";
import { compareSeeds, findRunAgain, readSuggestion, runScript, watchChart } from "./watching.ts";

const STAGES: readonly [name: string, title: string, run: (loop: Loop) => Promise<string>][] = [
  ["finding", "VS Code opens; the script is underlined", showFinding],
  ["quick-fix", "The light bulb inserts the clipping", applyQuickFix],
  ["run", "The script runs with telemetry", runScript],
  ["live-chart", "The dashboard's chart grows", watchChart],
  ["second-seed", "Another seed draws another chart", compareSeeds],
  ["suggestion", "A threshold is suggested, with evidence", readSuggestion],
  ["write-to-code", "The threshold is written into the script", writeThreshold],
  ["undo", "One undo takes it back", undoThreshold],
  ["reload", "After a reload the run is there again", findRunAgain],
  ["save", "A chart is saved where VS Code's dialog is told", saveCharts],
  ["reload-in-run", "Two reloads during a run lose none of it", reloadDuringRun],
];

/** @throws at the first stage that does not hold; its picture and the logs are in out/check/ */
export async function checkLoop(vsix: string, example: Example): Promise<void> {
  const out = join(OUT, "check");
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  const scratch = scratchFolder("check");
  const workspace = join(scratch, "examples");
  cpSync(join(ROOT, "examples"), workspace, { recursive: true });
  const dataFolder = join(scratch, "data");
  const host = await startVscodeHost({
    dataFolder,
    vsix,
    log: join(out, "vscode.log"),
    settings: {
      "gradsight.python.interpreter": example.python,
      "gradsight.run.arguments": ["--steps", String(example.checkSteps)],
    },
  });
  const browser = await openBrowser();
  const loop = await enter(browser, host.address(workspace), workspace, example);
  say(`Training ${example.script} with ${example.python} (${example.reason})`);
  const picture = (index: number, name: string) => join(out, `${String(index + 1).padStart(2, "0")}-${name}.png`);
  try {
    for (const [index, [name, title, run]] of STAGES.entries()) {
      try {
        await step(title, async () => {
          const seen = await run(loop);
          await loop.workbench.screenshot(picture(index, name));
          return seen;
        });
      } catch (error) {
        await loop.workbench.screenshot(picture(index, `${name}-FAILED`)).catch(() => {});
        throw error;
      }
    }
  } finally {
    writeFileSync(join(out, "browser.log"), `${loop.console.join("\n")}\n`);
    cpSync(join(dataFolder, "data", "logs"), join(out, "logs"), { recursive: true });
    await browser.close();
    await host.stop();
  }
  say(`All ${STAGES.length} stages held; pictures in out/check/.`);
}

async function enter(browser: Browser, address: string, workspace: string, example: Example): Promise<Loop> {
  const page = await browser.newPage({ viewport: { width: 1600, height: 1000 } });
  const console: string[] = [];
  page.on("console", (message) => console.push(`${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => console.push(`uncaught: ${error.stack ?? error.message}`));
  return { workbench: new Workbench(page), address, workspace, example, console };
}
