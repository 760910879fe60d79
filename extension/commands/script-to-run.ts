/** What a script needs to be run: that it lies on disk, a trusted workspace, an interpreter, its arguments. The user is told what is missing. */
import { commands, l10n, type TextDocument, type Uri, window, workspace } from "vscode";
import { findInterpreter } from "../python/interpreter.ts";
import { selectInterpreter } from "../python/select-interpreter.ts";
import type { ScriptArguments } from "../runs/script-arguments.ts";

export interface ScriptToRun {
  readonly script: Uri;
  readonly python: string;
  readonly args: readonly string[];
}

/** The script saved and all that it needs; null where something is missing. @param uri from a menu; without it, the active file */
export async function scriptToRun(argumentsOf: ScriptArguments, uri?: Uri): Promise<ScriptToRun | null> {
  const script = await chooseScript(uri);
  if (!script || !(await trusted())) return null;
  const python = await interpreter(script.uri);
  if (!python) return null;
  const args = await argumentsOf.of(script.uri);
  if (!args || !(await saved(script))) return null;
  return { script: script.uri, python, args };
}

/** A script on disk; null, and said why, where there is none. @param uri from a menu; without it, the active file */
export async function chooseScript(uri?: Uri): Promise<TextDocument | null> {
  const document = uri ? await workspace.openTextDocument(uri) : window.activeTextEditor?.document;
  if (document?.languageId === "python" && document.uri.scheme === "file") return document;
  const message = window.activeNotebookEditor
    ? l10n.t("A notebook runs in its kernel. To record it, run a cell with `%load_ext gradsight` before it trains.")
    : document?.languageId === "python"
      ? l10n.t("Save the script to a file on disk first: Python runs files.")
      : l10n.t("Open the training script to run first. It must be a Python file.");
  void window.showInformationMessage(message);
  return null;
}

export async function trusted(): Promise<boolean> {
  if (workspace.isTrusted) return true;
  const manage = l10n.t("Manage Trust");
  const message = l10n.t("Scripts are run in trusted workspaces only: a script may do anything that you may do.");
  if ((await window.showWarningMessage(message, manage)) === manage)
    await commands.executeCommand("workbench.trust.manage");
  return false;
}

export async function interpreter(script: Uri): Promise<string | null> {
  for (;;) {
    const found = await findInterpreter(script);
    if ("ok" in found) return found.ok;
    const select = l10n.t("Select Interpreter…");
    if ((await window.showErrorMessage(found.err, select)) !== select) return null;
    if (!(await selectInterpreter(script))) return null;
  }
}

export async function saved(script: TextDocument): Promise<boolean> {
  if (!script.isDirty || (await script.save())) return true;
  void window.showErrorMessage(l10n.t("{0} could not be saved, so it was not run.", script.fileName));
  return false;
}
