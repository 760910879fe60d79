/** Saves what the dashboard made of a chart, where the user says. */
import { homedir } from "node:os";
import { l10n, Uri, window, workspace } from "vscode";
import type { FromDashboard } from "../../protocol/webview.ts";
import { suggestedName } from "./file-name.ts";

type SaveMessage = Extract<FromDashboard, { type: "save" }>;

export async function saveFile({ name, kind, bytes }: SaveMessage): Promise<void> {
  const folder = workspace.workspaceFolders?.[0]?.uri ?? Uri.file(homedir());
  const target = await window.showSaveDialog({
    defaultUri: Uri.joinPath(folder, suggestedName(name, kind)),
    filters: { [kind === "csv" ? l10n.t("Tables") : l10n.t("Pictures")]: [kind] },
  });
  if (!target) return;
  try {
    await workspace.fs.writeFile(target, bytes);
    window.setStatusBarMessage(`$(check) ${l10n.t("Saved {0}", workspace.asRelativePath(target))}`, 8000);
  } catch (error) {
    void window.showErrorMessage(l10n.t("{0} could not be saved: {1}", target.fsPath, (error as Error).message));
  }
}
