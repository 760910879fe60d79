/** "Run with Gradient Telemetry": the script as it is, as a task, with the dashboard beside it. */
import {
  commands,
  type LogOutputChannel,
  l10n,
  type TaskExecution,
  type TextDocument,
  tasks,
  type Uri,
  window,
  workspace,
} from "vscode";
import type { Dashboard } from "../dashboard/dashboard.ts";
import type { HubClient } from "../hub/hub-client.ts";
import { findInterpreter } from "../python/interpreter.ts";
import type { ProbeEnvironment } from "../python/probe-environment.ts";
import { selectInterpreter } from "../python/select-interpreter.ts";
import { awaitRun } from "../runs/await-run.ts";
import type { ScriptArguments } from "../runs/script-arguments.ts";
import { trainingTask } from "../runs/training-task.ts";

export interface RunContext {
  readonly hub: HubClient;
  readonly dashboard: Dashboard;
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
  // Asked before the start, so that the new run can be told from those that were there.
  const known = await context.hub.refresh().catch((error: Error) => {
    context.log.warn(`The run starts without the hub: ${error.message}`);
    return null;
  });
  context.dashboard.show();
  const execution = await tasks.executeTask(trainingTask(script.uri, args, python, context.probe));
  if (known) await showWhenThere(context, known, script, ended(execution));
}

async function chooseScript(uri?: Uri): Promise<TextDocument | null> {
  const document = uri ? await workspace.openTextDocument(uri) : window.activeTextEditor?.document;
  if (document?.languageId === "python" && document.uri.scheme === "file") return document;
  const message =
    document?.languageId === "python"
      ? l10n.t("Save the script to a file on disk first: Python runs files.")
      : l10n.t("Open the training script to run first. It must be a Python file.");
  void window.showInformationMessage(message);
  return null;
}

async function trusted(): Promise<boolean> {
  if (workspace.isTrusted) return true;
  const manage = l10n.t("Manage Trust");
  const message = l10n.t("Scripts are run in trusted workspaces only: a script may do anything that you may do.");
  if ((await window.showWarningMessage(message, manage)) === manage)
    await commands.executeCommand("workbench.trust.manage");
  return false;
}

async function interpreter(script: Uri): Promise<string | null> {
  for (;;) {
    const found = await findInterpreter(script);
    if ("ok" in found) return found.ok;
    const select = l10n.t("Select Interpreter…");
    if ((await window.showErrorMessage(found.err, select)) !== select) return null;
    if (!(await selectInterpreter(script))) return null;
  }
}

/** Resolves with the exit code; undefined where the task was terminated. */
function ended(execution: TaskExecution): Promise<number | undefined> {
  return new Promise((resolve) => {
    const finish = (exitCode: number | undefined) => {
      for (const subscription of subscriptions) subscription.dispose();
      resolve(exitCode);
    };
    const subscriptions = [
      tasks.onDidEndTaskProcess((event) => {
        if (event.execution === execution) finish(event.exitCode);
      }),
      // Fires also for a process that could not be started, for which the other does not.
      tasks.onDidEndTask((event) => {
        if (event.execution === execution) setTimeout(finish, 0, undefined);
      }),
    ];
  });
}

async function showWhenThere(
  { hub, dashboard, log }: RunContext,
  known: Awaited<ReturnType<HubClient["refresh"]>>,
  script: TextDocument,
  exit: Promise<number | undefined>,
): Promise<void> {
  const run = await awaitRun(hub, known, script.uri.fsPath, exit).catch((error: Error) => {
    log.warn(error.message);
    return null;
  });
  if (run) {
    if (dashboard.isOpen) dashboard.show(run.id);
    return;
  }
  const code = await exit;
  if (code === undefined || code === 130) return; // The user stopped it.
  void window.showWarningMessage(
    code === 0
      ? l10n.t("The script ended without an optimizer step that could be recorded.")
      : l10n.t("The script ended with exit code {0} before its first recorded step. Its terminal says why.", code),
  );
}
