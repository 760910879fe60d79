/**
 * Says, once a run, that the gradients of one that is under way became NaN or infinite or exploded, unless the user sees it
 * in the dashboard. What happened before the window was opened is no news.
 */
import { ConfigurationTarget, type Disposable, l10n, type Memento, window, workspace } from "vscode";
import type { RunSummary } from "../../protocol/viewer.ts";
import type { Dashboard } from "../dashboard/dashboard.ts";
import type { HubClient } from "../hub/hub-client.ts";

/** Where the ids of the runs are that were told of, the latest. */
const TOLD = "incidents.told";
const MOST_TOLD = 100;

/** @param memory of the workspace: it outlives a reload of the window */
export function notifyIncidents(hub: HubClient, dashboard: Dashboard, memory: Memento): Disposable {
  const openedAt = Date.now() / 1000;
  return hub.onDidChangeRuns((runs) => {
    const told = memory.get<string[]>(TOLD, []);
    const bad = runs.filter(
      ({ id, source, incident }) =>
        incident !== null && incident.time >= openedAt && source === null && !told.includes(id),
    );
    if (bad.length === 0) return;
    void memory.update(TOLD, [...told, ...bad.map(({ id }) => id)].slice(-MOST_TOLD));
    for (const run of bad) if (isWanted() && !dashboard.shows(run.id)) void notify(run, dashboard);
  });
}

const isWanted = () => workspace.getConfiguration("gradsight").get<boolean>("notifications.incidents", true);

async function notify(run: RunSummary, dashboard: Dashboard): Promise<void> {
  const show = l10n.t("Show");
  const never = l10n.t("Don't Show Again");
  const answer = await window.showWarningMessage(sentence(run), show, never);
  if (answer === show) dashboard.show(run.id);
  if (answer === never)
    await workspace.getConfiguration("gradsight").update("notifications.incidents", false, ConfigurationTarget.Global);
}

function sentence({ name, incident }: RunSummary): string {
  const { kind, step, message } = incident!;
  return kind === "nonfinite"
    ? l10n.t("{0} went non-finite at step {1}. {2}", name, step, message)
    : l10n.t("{0} exploded at step {1}. {2}", name, step, message);
}
