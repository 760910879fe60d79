/** "Debug with Gradient Telemetry": the script in the Python debugger, with the dashboard beside it. */
import { commands, debug, l10n, type Uri, window, workspace } from "vscode";
import { canDebug, debugConfiguration } from "../runs/debugged-training.ts";
import type { ScriptArguments } from "../runs/script-arguments.ts";
import { scriptToRun } from "./script-to-run.ts";

/** @param uri from a menu; without it, the active file */
export async function debugWithTelemetry(argumentsOf: ScriptArguments, uri?: Uri): Promise<void> {
  if (!canDebug()) return offerDebugger();
  const run = await scriptToRun(argumentsOf, uri);
  if (!run) return;
  const folder = workspace.getWorkspaceFolder(run.script);
  await debug.startDebugging(folder, debugConfiguration(run.script, run.args, run.python));
}

async function offerDebugger(): Promise<void> {
  const find = l10n.t("Find Extension");
  const message = l10n.t("To debug a script, install an extension with a Python debugger first.");
  if ((await window.showErrorMessage(message, find)) === find)
    await commands.executeCommand("workbench.extensions.search", "@id:ms-python.debugpy");
}
