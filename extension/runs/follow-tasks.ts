/** Shows the run of every training task in the dashboard, however the task was started: by command, again, or from tasks.json. */
import { type Disposable, type LogOutputChannel, l10n, type TaskExecution, tasks, window } from "vscode";
import type { Dashboard } from "../dashboard/dashboard.ts";
import type { HubClient } from "../hub/hub-client.ts";
import { followRun } from "./follow-run.ts";
import { scriptOf } from "./training-task.ts";

/** Terminated by Ctrl-C, as a shell counts. */
const INTERRUPTED = 130;

export function followTasks(hub: HubClient, dashboard: Dashboard, log: LogOutputChannel): Disposable {
  return tasks.onDidStartTask(({ execution }) => {
    const script = scriptOf(execution.task);
    if (!script) return;
    follow(execution, script, hub, dashboard).catch((error: Error) =>
      log.warn(`The run is not shown live: ${error.message}`),
    );
  });
}

async function follow(execution: TaskExecution, script: string, hub: HubClient, dashboard: Dashboard): Promise<void> {
  const exit = exitCode(execution);
  if (await followRun(script, exit, hub, dashboard)) return;
  const code = await exit;
  if (code === undefined || code === INTERRUPTED) return; // The user stopped it.
  void window.showWarningMessage(
    code === 0
      ? l10n.t("The script ended without an optimizer step that could be recorded.")
      : l10n.t("The script ended with exit code {0} before its first recorded step. Its terminal says why.", code),
  );
}

/** Undefined where the process was terminated or never started. */
function exitCode(execution: TaskExecution): Promise<number | undefined> {
  return new Promise((resolve) => {
    const finish = (code: number | undefined) => {
      for (const subscription of subscriptions) subscription.dispose();
      resolve(code);
    };
    const subscriptions = [
      tasks.onDidEndTaskProcess((event) => {
        if (event.execution === execution) finish(event.exitCode);
      }),
      // Comes also for a process that could not be started, and where both come, maybe first.
      tasks.onDidEndTask((event) => {
        if (event.execution === execution) setTimeout(finish, 100, undefined);
      }),
    ];
  });
}
