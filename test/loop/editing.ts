/** The stages in the editor: finding, quick fix, threshold written and taken back. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DashboardPage } from "../host/dashboard-page.ts";
import { until } from "../host/until.ts";
import { FINDING_SCRIPT, type Loop } from "./loop.ts";

const CLIPPING = /clip_grad_norm_\(/;

export async function showFinding({ workbench, address, workspace }: Loop): Promise<string> {
  if (CLIPPING.test(read(workspace, FINDING_SCRIPT))) throw new Error(`${FINDING_SCRIPT} clips already`);
  await workbench.open(address);
  await workbench.openFile(FINDING_SCRIPT);
  const peek = await workbench.goToProblem();
  return oneLine(await peek.locator(".descriptioncontainer").innerText());
}

export async function applyQuickFix({ workbench, workspace }: Loop): Promise<string> {
  await workbench.quickFix(/clip/i);
  await workbench
    .problems()
    .filter({ hasText: /^\s*0\s+0\s*$/ })
    .waitFor();
  await workbench.squiggles().first().waitFor({ state: "detached" });
  await workbench.save();
  const line = read(workspace, FINDING_SCRIPT)
    .split("\n")
    .find((text) => CLIPPING.test(text));
  if (!line) throw new Error(`${FINDING_SCRIPT} was saved without clipping`);
  return line.trim();
}

export async function writeThreshold(loop: Loop): Promise<string> {
  const { workbench, workspace, example } = loop;
  const { suggested } = loop;
  if (!suggested) throw new Error("no threshold was suggested");
  loop.before = read(workspace, example.script);
  const suggestion = new DashboardPage(workbench.webview()).suggestion();
  await suggestion.getByRole("button", { name: "Write to code" }).click();
  await suggestion.locator('.outcome[data-ok="true"]').waitFor();
  const summary = await suggestion.locator(".outcome").innerText();
  await workbench.focusEditor(example.script);
  await workbench.save();
  const after = read(workspace, example.script);
  const changed = after.split("\n").filter((line) => !loop.before?.split("\n").includes(line));
  if (!changed.some((line) => line.includes(suggested)))
    throw new Error(`${suggested} is not in the changed lines of ${example.script}: ${JSON.stringify(changed)}`);
  return oneLine(summary);
}

export async function undoThreshold({ workbench, workspace, example, before }: Loop): Promise<string> {
  await workbench.focusEditor(example.script);
  await workbench.page.keyboard.press("Control+z");
  await workbench.save();
  await until("the script is as it was", async () => read(workspace, example.script) === before);
  return example.script;
}

const oneLine = (text: string) => text.replaceAll(/\s+/g, " ").trim();
const read = (workspace: string, script: string) => readFileSync(join(workspace, script), "utf8");
