import { l10n, window } from "vscode";
import type { HubClient } from "../hub/hub-client.ts";

const MAX_NOTE = 4096;

export async function noteRun(hub: HubClient, id: string): Promise<void> {
  const run = hub.runs.find((candidate) => candidate.id === id);
  const note = await window.showInputBox({
    title: l10n.t("Note on {0}", run?.name ?? id),
    prompt: l10n.t("Shown when the pointer rests on the run. Leave it empty to remove the note."),
    value: run?.note ?? "",
    validateInput: (value) => (value.length > MAX_NOTE ? l10n.t("At most {0} characters.", MAX_NOTE) : null),
  });
  if (note !== undefined) await hub.request("note", { run: id, note });
}
