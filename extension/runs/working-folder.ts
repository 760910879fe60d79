/** Where a script is run: in the workspace folder, or where it lies, which many a repository's relative paths are written for. */
import { Uri, type WorkspaceFolder, workspace } from "vscode";

/**
 * The Python extension's own setting for this counts as well, so that a script runs here as its "Run Python File" runs it.
 *
 * @param folder that the script belongs to; undefined for one outside of the workspace
 */
export function workingFolder(script: Uri, folder: WorkspaceFolder | undefined): string {
  const beside = Uri.joinPath(script, "..").fsPath;
  const inScriptFolder =
    workspace.getConfiguration("gradsight", script).get("run.inScriptFolder", false) ||
    workspace.getConfiguration("python", script).get("terminal.executeInFileDir", false);
  return inScriptFolder ? beside : ((folder ?? workspace.workspaceFolders?.[0])?.uri.fsPath ?? beside);
}
