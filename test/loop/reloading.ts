/** The window is reloaded while a training goes on: with the dashboard open, then without it. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DashboardPage } from "../host/dashboard-page.ts";
import { until } from "../host/until.ts";
import type { Loop } from "./loop.ts";

/** Goes on until it is told to stop, and then writes down how many steps it took. */
const ENDLESS = `import time
from pathlib import Path

import gradsight

steps = 0
while not Path("stop").exists():
    gradsight.log(steps, norm=1 + steps % 7)
    steps += 1
    time.sleep(0.05)
Path("steps").write_text(str(steps))
`;

export async function reloadDuringRun({ workbench, workspace, example }: Loop): Promise<string> {
  writeFileSync(join(workspace, "endless.py"), ENDLESS);
  await workbench.typeInTerminal(`"${example.python}" -m gradsight run endless.py`);
  const dashboard = new DashboardPage(workbench.webview());
  await until("the run picker lists the run", async () => (await dashboard.runs())[0]?.includes("endless.py"));
  await dashboard.chooseRun(0);
  await dashboard.frame.locator("#run").filter({ hasText: "endless.py" }).waitFor();
  const before = await dashboard.untilStepsExceed(10);

  await workbench.reload();
  await dashboard.untilStepsExceed(before);
  const name = await dashboard.frame.locator("#run").innerText();
  if (!name.includes("endless.py")) throw new Error(`After the reload the dashboard shows ${name}`);
  const status = workbench.page.locator('[id^="gradsight.gradsight"]').filter({ hasText: /\d steps/ });
  await status.waitFor();

  await workbench.runCommand("View: Close All Editors");
  await workbench.reload();
  await status.waitFor();

  writeFileSync(join(workspace, "stop"), "");
  await status.waitFor({ state: "detached" });
  await workbench.runCommand("Gradsight: Open Dashboard");
  await dashboard.untilFinished();
  const taken = Number(readFileSync(join(workspace, "steps"), "utf8"));
  const recorded = await dashboard.steps();
  if (recorded !== taken) throw new Error(`Of ${taken} steps, ${recorded} are recorded`);
  return `${taken} steps, all recorded`;
}
