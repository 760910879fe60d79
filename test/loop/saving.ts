/** A chart's files, from its menu through VS Code's own dialog to the disk. */
import { existsSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { basename, join } from "node:path";
import { DashboardPage } from "../host/dashboard-page.ts";
import { until } from "../host/until.ts";
import type { Loop } from "./loop.ts";

/** What each item of the menu makes begins with this. */
const KINDS = [
  ["png", "Save picture (PNG)…", Buffer.from([0x89, 0x50, 0x4e, 0x47])],
  ["svg", "Save picture (SVG)…", Buffer.from("<svg ")],
  ["csv", "Save numbers (CSV)…", Buffer.from("from,to,norm_pre.min,")],
] as const;
/** Where it is there, writing to it fails as to a disk without room. */
const FULL = "/dev/full";

export async function saveCharts({ workbench, workspace }: Loop): Promise<string> {
  const dashboard = new DashboardPage(workbench.webview());
  const before = readdirSync(workspace);
  await dashboard.chooseFromMenu("norm", KINDS[0][1]);
  const offered = await workbench.answerSaveDialog(null);
  if (!/Gradient-norm\.png$/.test(offered)) throw new Error(`VS Code offers "${offered}" for a picture`);
  const saved: string[] = [];
  for (const [kind, item, head] of KINDS) {
    const file = join(workspace, `chart.${kind}`);
    await dashboard.chooseFromMenu("norm", item);
    await workbench.answerSaveDialog(file);
    const bytes = await until(`${file} is there`, async () => existsSync(file) && readFileSync(file));
    if (!bytes.subarray(0, head.length).equals(head)) throw new Error(`${file} is no ${kind}`);
    saved.push(basename(file));
  }
  if (existsSync(FULL)) {
    symlinkSync(FULL, join(workspace, "full.csv"));
    await dashboard.chooseFromMenu("norm", KINDS[2][1]);
    await workbench.answerSaveDialog(join(workspace, "full.csv"));
    saved.push("full.csv");
    await workbench.notification(/full\.csv could not be saved: .*(ENOSPC|no space)/i).waitFor();
  }
  // The dialog that was left comes first, so that whatever it had written would be here.
  const written = readdirSync(workspace).filter((name) => !before.includes(name));
  if (written.sort().join() !== saved.sort().join())
    throw new Error(`Saved are ${written.join()}, not ${saved.join()}`);
  return saved.join(", ");
}
