/** "Run with Gradient Telemetry": the script as it is, as a task, with the dashboard beside it. */
import { commands, type LogOutputChannel, l10n, type TextDocument, tasks, type Uri, window, workspace } from "vscode";
import type { HubClient } from "../hub/hub-client.ts";
import { findInterpreter } from "../python/interpreter.ts";
import type { ProbeEnvironment } from "../python/probe-environment.ts";
import { selectInterpreter } from "../python/select-interpreter.ts";
import type { ScriptArguments } from "../runs/script-arguments.ts";
import { trainingTask } from "../runs/training-task.ts";

export interface RunContext {
  readonly hub: HubClient;
  readonly probe: ProbeEnvironment;
  readonly args: ScriptArguments;
  readonly log: LogOutputChannel;
}

/** @param uri from a menu; without it, the active file */
export async function runWithTelemetry(context: RunContext, uri?: Uri): Promise<void> {
  const script = await chooseScript(uri);
  if (!script || !(await trusted())) return;
  const python = await interpreter(script.uri);
  if (!python) return;
  const args = await context.args.of(script.uri);
  if (!args) return;
  if (script.isDirty && !(await script.save())) {
    void window.showErrorMessage(l10n.t("{0} could not be saved, so it was not run.", script.fileName));
    return;
  }
  // The probe keeps trying, but a hub that is there when it starts gets the first steps live.
  await context.hub.refresh().catch((error: Error) => {
    context.log.warn(`The run starts without the hub: ${error.message}`);
  });
  await tasks.executeTask(trainingTask(script.uri, args, python, context.probe));
}

/** A script on disk, saved; null, and said why, where there is none. @param uri from a menu; without it, the active file */
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
