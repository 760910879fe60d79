/** Lets the user choose an interpreter: with the Python extension's own picker where it is installed, else a file dialog. */
import { ConfigurationTarget, commands, extensions, l10n, type Uri, window, workspace } from "vscode";

/** True when something was chosen. */
export async function selectInterpreter(script: Uri): Promise<boolean> {
  const configuration = workspace.getConfiguration("gradsight", script);
  // The setting comes before the Python extension's choice, so while it is set only a change of it has an effect.
  if (extensions.getExtension("ms-python.python") && !configuration.get<string>("python.interpreter")) {
    await commands.executeCommand("python.setInterpreter");
    return true;
  }
  const [file] =
    (await window.showOpenDialog({
      title: l10n.t("Select the Python interpreter"),
      openLabel: l10n.t("Use"),
      canSelectMany: false,
    })) ?? [];
  if (!file) return false;
  const target = workspace.workspaceFolders ? ConfigurationTarget.Workspace : ConfigurationTarget.Global;
  await configuration.update("python.interpreter", file.fsPath, target);
  return true;
}
