/** Wires the parts together. What the extension does is said in the files it names. */
import { debug, type ExtensionContext, tasks, Uri, window, workspace } from "vscode";
import { HUB_METHOD, type HubResult } from "../protocol/lsp.ts";
import { registerCommands } from "./commands/register.ts";
import { DASHBOARD, Dashboard } from "./dashboard/dashboard.ts";
import { RunControl } from "./dashboard/run-control.ts";
import { ThresholdWriter } from "./dashboard/write-threshold.ts";
import { HubClient } from "./hub/hub-client.ts";
import { HubSocket } from "./hub/hub-socket.ts";
import { LanguageServer } from "./language/language-server.ts";
import { languageStatus } from "./language/language-status.ts";
import { probeEnvironment, updateKernels, updateTerminals } from "./python/probe-environment.ts";
import { DEBUGGER, DebuggedTrainings } from "./runs/debugged-training.ts";
import { followAgain } from "./runs/follow-again.ts";
import { followDebugging } from "./runs/follow-debugging.ts";
import { followTasks } from "./runs/follow-tasks.ts";
import { notifyIncidents } from "./runs/notify-incidents.ts";
import { notifyPauses } from "./runs/notify-pauses.ts";
import { retainRuns } from "./runs/retention.ts";
import { RunsView } from "./runs/runs-view.ts";
import { ScriptArguments } from "./runs/script-arguments.ts";
import { storageFolder } from "./runs/storage-folder.ts";
import { TASK_TYPE, TrainingTasks } from "./runs/training-task.ts";
import { watchNotebooks } from "./runs/watch-notebooks.ts";
import { watchTerminals } from "./runs/watch-terminals.ts";
import { StatusBar } from "./status-bar.ts";
import type { TestApi } from "./test-api.ts";

let stop: (() => Promise<void>) | undefined;

export async function activate(context: ExtensionContext): Promise<TestApi> {
  const log = window.createOutputChannel("Gradsight", { log: true });
  // Without an open folder, runs are kept for the user, not for a workspace.
  const storage = context.storageUri ? Uri.file(storageFolder(context.storageUri.fsPath)) : context.globalStorageUri;
  await workspace.fs.createDirectory(storage).then(undefined, (error: Error) => {
    log.error(`Runs can't be kept in ${storage.fsPath}: ${error.message}`); // linting goes on
  });

  const server = new LanguageServer(context, storage, log);
  stop = () => server.dispose();
  const connect = () => new HubSocket(() => server.request<HubResult>(HUB_METHOD), log);
  const hub = new HubClient(connect(), log);
  const writer = new ThresholdWriter(hub, server);
  const control = new RunControl(hub);
  const forDashboard = () => {
    hub.socket.open(); // a dashboard that VS Code restores starts the hub: the status bar and the notifications follow
    return connect();
  };
  const dashboard = new Dashboard(context, forDashboard, writer, control, log);
  const runs = new RunsView(hub);
  const probe = probeEnvironment(context, storage);
  const args = new ScriptArguments(context.workspaceState);

  const inject = () => {
    updateTerminals(context.environmentVariableCollection, probe);
    updateKernels(probe);
  };
  inject();
  context.subscriptions.push(
    log,
    hub,
    dashboard,
    runs,
    new StatusBar(server, hub),
    languageStatus(server),
    registerCommands(context, { hub, probe, args }, dashboard, writer, server, runs, log),
    window.registerWebviewPanelSerializer(DASHBOARD, dashboard),
    tasks.registerTaskProvider(TASK_TYPE, new TrainingTasks(probe)),
    debug.registerDebugConfigurationProvider(DEBUGGER, new DebuggedTrainings(probe, hub)),
    followTasks(hub, dashboard, log),
    followDebugging(hub, dashboard, log),
    watchTerminals(hub, log),
    watchNotebooks(hub, log),
    retainRuns(hub, log),
    notifyIncidents(hub, dashboard, context.workspaceState),
    notifyPauses(hub, dashboard),
    followAgain(hub, context.workspaceState, log),
    workspace.onDidGrantWorkspaceTrust(inject),
    workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration("gradsight.terminal.injectProbe")) inject();
    }),
  );
  void server.start();
  return { server, hub, writer, control, dashboard, runs };
}

/** Waits for the server, so that the hub commits what it has and takes the rendezvous file away. */
export function deactivate(): Promise<void> | undefined {
  return stop?.();
}
