import { l10n, window } from "vscode";
import type { HubClient } from "../hub/hub-client.ts";

export async function deleteRun(hub: HubClient, id: string): Promise<void> {
  const run = hub.runs.find((candidate) => candidate.id === id);
  if (run?.status === "running") {
    void window.showInformationMessage(l10n.t("{0} is still running. Stop it before you delete it.", run.name));
    return;
  }
  const remove = l10n.t("Delete");
  const choice = await window.showWarningMessage(
    l10n.t("Delete {0} and all that it recorded?", run?.name ?? id),
    { modal: true, detail: l10n.t("This can't be undone.") },
    remove,
  );
  if (choice === remove) await hub.requestWithoutLimit("delete", { run: id });
}
