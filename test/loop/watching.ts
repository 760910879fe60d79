/** The stages around a run: started, watched, compared with another, advised on, found again. */
import { DashboardPage } from "../host/dashboard-page.ts";
import { until } from "../host/until.ts";
import type { Loop } from "./loop.ts";

export async function runScript({ workbench, example }: Loop): Promise<string> {
  await workbench.openFile(example.script);
  await workbench.runCommand("Gradsight: Run with Gradient Telemetry");
  const dashboard = new DashboardPage(workbench.webview());
  await dashboard.untilStepsExceed(0);
  return dashboard.status().innerText();
}

export async function watchChart({ workbench }: Loop): Promise<string> {
  const dashboard = new DashboardPage(workbench.webview());
  const steps = await dashboard.untilStepsExceed(0);
  const picture = await dashboard.picture("norm");
  const later = await dashboard.untilStepsExceed(steps);
  await until("the chart changes", async () => !picture.equals(await dashboard.picture("norm")));
  return `${steps} steps, then ${later}`;
}

/** The second run is started in a terminal, so that this way of starting one is checked as well. */
export async function compareSeeds({ workbench, example }: Loop): Promise<string> {
  const dashboard = new DashboardPage(workbench.webview());
  await dashboard.untilFinished();
  const first = await normsByStep(dashboard);
  await workbench.typeInTerminal(
    `"${example.python}" -m gradsight run ${example.script} --steps ${example.checkSteps} --seed 2`,
  );
  await until("the run picker lists the second run", async () => (await dashboard.runs()).length === 2);
  await dashboard.chooseRun(0);
  await dashboard.untilFinished();
  const second = await normsByStep(dashboard);
  const shared = [...first.keys()].filter((steps) => second.has(steps));
  const different = shared.filter((steps) => first.get(steps) !== second.get(steps));
  if (different.length < shared.length / 2 || shared.length === 0)
    throw new Error(`Two seeds drew the same norms at ${shared.length - different.length} of ${shared.length} places`);
  return `norms differ at ${different.length} of ${shared.length} places`;
}

/** What the table beside the chart says, by the steps that each row stands for. */
async function normsByStep(dashboard: DashboardPage): Promise<Map<string, string>> {
  const rows = await dashboard.table("norm");
  return new Map(rows.map(([step = "", ...values]) => [step, values.join(" ")]));
}

export async function readSuggestion(loop: Loop): Promise<string> {
  // As one reads it: the script and the dashboard, with nothing beside them.
  await loop.workbench.runCommand("View: Toggle Panel Visibility");
  await loop.workbench.runCommand("View: Toggle Primary Side Bar Visibility");
  const suggestion = new DashboardPage(loop.workbench.webview()).suggestion();
  await suggestion.getByRole("button", { name: "Write to code" }).waitFor();
  const threshold = (await suggestion.locator(".threshold").innerText()).trim();
  const sentences = await suggestion.locator(".explanation p").allInnerTexts();
  const evidence = await suggestion.locator(".evidence tr").allInnerTexts();
  if (!/^\d/.test(threshold) || sentences.length === 0 || evidence.length === 0)
    throw new Error(
      `The suggestion can't be read: "${threshold}", ${sentences.length} sentences, ${evidence.length} facts`,
    );
  loop.suggested = threshold;
  return `${threshold}: ${sentences[0]}`;
}

export async function findRunAgain({ workbench, example }: Loop): Promise<string> {
  await workbench.reload();
  await workbench.runCommand("Gradsight: Focus on Runs View");
  const runs = workbench.page.locator('.pane-body .monaco-list-row[role="treeitem"]').filter({ hasText: "step" });
  await until("the Runs view lists both runs", async () => (await runs.count()) >= 2);
  const label = await runs.last().innerText();
  await runs.last().click();
  const dashboard = new DashboardPage(workbench.webview());
  await dashboard.untilStepsExceed(0);
  const rows = await dashboard.table("norm");
  if (rows.length === 0) throw new Error(`The chart of ${example.script} is empty after the reload`);
  return label.replaceAll(/\s+/g, " ");
}
