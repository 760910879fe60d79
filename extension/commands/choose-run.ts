import { l10n, window } from "vscode";
import type { RunSummary } from "../../protocol/viewer.ts";
import type { HubClient } from "../hub/hub-client.ts";
import { stepCount } from "../runs/run-item.ts";
import { timeAgo } from "../runs/time-ago.ts";

/** Asks for a run where none is selected; undefined if there is none, or none was chosen. */
export async function chooseRun(hub: HubClient, title: string): Promise<string | undefined> {
  const runs = await hub.refresh();
  if (runs.length === 0) {
    void window.showInformationMessage(l10n.t("No run has been recorded or imported yet."));
    return undefined;
  }
  const now = Date.now() / 1000;
  const item = (run: RunSummary) => ({
    label: run.name,
    description: `${stepCount(run.steps)} · ${timeAgo(run.startedAt, now)}`,
    detail: run.tags.join(", "),
    run,
  });
  const newestFirst = [...runs].sort((a, b) => b.startedAt - a.startedAt);
  const choice = await window.showQuickPick(newestFirst.map(item), {
    title,
    placeHolder: l10n.t("Choose a run"),
    matchOnDetail: true,
  });
  return choice?.run.id;
}
