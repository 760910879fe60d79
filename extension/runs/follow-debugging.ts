/** Shows the run of every training that is debugged, by command or from launch.json. */
import { type DebugSession, type Disposable, debug, type LogOutputChannel } from "vscode";
import type { Dashboard } from "../dashboard/dashboard.ts";
import type { HubClient } from "../hub/hub-client.ts";
import { debuggedScript } from "./debugged-training.ts";
import { followRun } from "./follow-run.ts";

export function followDebugging(hub: HubClient, dashboard: Dashboard, log: LogOutputChannel): Disposable {
  return debug.onDidStartDebugSession((session) => {
    const script = debuggedScript(session.configuration, session.workspaceFolder);
    // What a training starts is debugged in sessions of its own.
    if (script === undefined || session.parentSession) return;
    followRun(script, ended(session), hub, dashboard).catch((error: Error) =>
      log.warn(`The run is not shown live: ${error.message}`),
    );
  });
}

function ended(session: DebugSession): Promise<void> {
  return new Promise((resolve) => {
    const subscription = debug.onDidTerminateDebugSession(({ id }) => {
      if (id !== session.id) return;
      subscription.dispose();
      resolve();
    });
  });
}
