/**
 * Says, once a pause, that a training waits for the user, unless the dashboard shows it. One that waited already when the window
 * was opened still does, and is told of, too.
 */
import { type Disposable, l10n, window } from "vscode";
import type { RunSummary } from "../../protocol/viewer.ts";
import type { Dashboard } from "../dashboard/dashboard.ts";
import type { HubClient } from "../hub/hub-client.ts";

export function notifyPauses(hub: HubClient, dashboard: Dashboard): Disposable {
  /** By run: the step that it waits at. */
  let told = new Map<string, number>();
  return hub.onDidChangeRuns((runs) => {
    const waiting = runs.filter(({ paused }) => paused);
    for (const run of waiting)
      if (told.get(run.id) !== run.paused!.step && !dashboard.shows(run.id)) void notify(run, dashboard);
    told = new Map(waiting.map(({ id, paused }) => [id, paused!.step]));
  });
}

async function notify({ id, name, paused }: RunSummary, dashboard: Dashboard): Promise<void> {
  const show = l10n.t("Show");
  if ((await window.showWarningMessage(l10n.t("{0} waits for you. {1}", name, paused!.message), show)) === show)
    dashboard.show(id);
}
