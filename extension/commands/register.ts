/** Every command by name. */
import type { Disposable, ExtensionContext, LogOutputChannel, Uri } from "vscode";
import type { Dashboard } from "../dashboard/dashboard.ts";
import type { LanguageServer } from "../language/language-server.ts";
import type { RunsView } from "../runs/runs-view.ts";
import { deleteRun } from "./delete-run.ts";
import { fixAllInFile } from "./fix-all-in-file.ts";
import { type Handlers, registerGuarded } from "./guarded.ts";
import { openWalkthrough } from "./open-walkthrough.ts";
import { renameRun } from "./rename-run.ts";
import { type RunContext, runWithTelemetry } from "./run-with-telemetry.ts";

export function registerCommands(
  context: ExtensionContext,
  run: RunContext,
  dashboard: Dashboard,
  server: LanguageServer,
  runs: RunsView,
  log: LogOutputChannel,
): Disposable {
  const { hub } = run;
  /** A run command gets the run from a tree item or, from the keyboard, works on the selected one. */
  const onRun = (action: (id: string) => unknown) => (target?: string | { id: string }) => {
    const id = typeof target === "string" ? target : (target?.id ?? runs.selected);
    return id === undefined ? undefined : action(id);
  };
  const handlers: Handlers = {
    "gradsight.runWithTelemetry": (uri?: Uri) => runWithTelemetry(run, uri),
    "gradsight.openDashboard": () => dashboard.show(),
    "gradsight.fixAllInFile": () => fixAllInFile(server),
    "gradsight.openWalkthrough": () => openWalkthrough(context),
    "gradsight.restartServer": () => server.restart(),
    "gradsight.showLog": () => log.show(),
    "gradsight.openRun": onRun((id) => dashboard.show(id)),
    "gradsight.renameRun": onRun((id) => renameRun(hub, id)),
    "gradsight.deleteRun": onRun((id) => deleteRun(hub, id)),
  };
  return registerGuarded(handlers, log);
}
