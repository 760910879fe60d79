import { l10n, window } from "vscode";
import type { HubClient } from "../hub/hub-client.ts";

const MAX_NAME = 256;

export async function renameRun(hub: HubClient, id: string): Promise<void> {
  const name = await window.showInputBox({
    title: l10n.t("Rename Run"),
    value: hub.runs.find((run) => run.id === id)?.name ?? "",
    validateInput: (value) => {
      if (!value.trim()) return l10n.t("A run needs a name.");
      return value.trim().length > MAX_NAME ? l10n.t("At most {0} characters.", MAX_NAME) : null;
    },
  });
  if (name !== undefined) await hub.request("rename", { run: id, name: name.trim() });
}
