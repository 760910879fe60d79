/** Every command by name. */
import { type Disposable, type ExtensionContext, type LogOutputChannel, l10n, type Uri } from "vscode";
import type { Dashboard } from "../dashboard/dashboard.ts";
import type { ThresholdWriter } from "../dashboard/write-threshold.ts";
import type { LanguageServer } from "../language/language-server.ts";
import type { RunsView } from "../runs/runs-view.ts";
import { SweepMemory } from "../runs/sweep-memory.ts";
import { chooseRun } from "./choose-run.ts";
import { debugWithTelemetry } from "./debug-with-telemetry.ts";
import { deleteRun } from "./delete-run.ts";
import { exportRun } from "./export-run.ts";
import { filterRuns } from "./filter-runs.ts";
import { findThreshold } from "./find-threshold.ts";
import { fixAllInFile } from "./fix-all-in-file.ts";
import { type Handlers, registerGuarded } from "./guarded.ts";
import { importRuns } from "./import-runs.ts";
import { noteRun } from "./note-run.ts";
import { openWalkthrough } from "./open-walkthrough.ts";
import { renameRun } from "./rename-run.ts";
import { type RunContext, runWithTelemetry } from "./run-with-telemetry.ts";
import { starRun } from "./star-run.ts";
import { tagRun } from "./tag-run.ts";

export function registerCommands(
  context: ExtensionContext,
  run: RunContext,
  dashboard: Dashboard,
  writer: ThresholdWriter,
  server: LanguageServer,
  runs: RunsView,
  log: LogOutputChannel,
): Disposable {
  const { hub } = run;
  const sweeps = new SweepMemory(context.workspaceState);
  /** A run command gets the run from a tree item or, from the keyboard, works on the selected one. */
  const onRun = (action: (id: string) => unknown) => (target?: string | { id: string }) => {
    const id = typeof target === "string" ? target : (target?.id ?? runs.selected);
    return id === undefined ? undefined : action(id);
  };
  const onChosen = (title: string, action: (id: string) => unknown) => async (target?: string | { id: string }) =>
    onRun(action)(target ?? runs.selected ?? (await chooseRun(hub, title)));
  const handlers: Handlers = {
    "gradsight.runWithTelemetry": (uri?: Uri) => runWithTelemetry(run, uri),
    "gradsight.debugWithTelemetry": (uri?: Uri) => debugWithTelemetry(run.args, uri),
    "gradsight.findThreshold": (uri?: Uri) => findThreshold({ ...run, sweeps }, writer, uri),
    "gradsight.openDashboard": () => dashboard.show(),
    "gradsight.fixAllInFile": () => fixAllInFile(server),
    "gradsight.openWalkthrough": () => openWalkthrough(context),
    "gradsight.restartServer": () => server.restart(),
    "gradsight.showLog": () => log.show(),
    "gradsight.openRun": onRun((id) => dashboard.show(id)),
    "gradsight.renameRun": onRun((id) => renameRun(hub, id)),
    "gradsight.deleteRun": onRun((id) => deleteRun(hub, id)),
    "gradsight.starRun": onRun((id) => starRun(hub, id, true)),
    "gradsight.unstarRun": onRun((id) => starRun(hub, id, false)),
    "gradsight.tagRun": onRun((id) => tagRun(hub, id)),
    "gradsight.noteRun": onRun((id) => noteRun(hub, id)),
    "gradsight.exportRun": onChosen(l10n.t("Export Run"), (id) => exportRun(hub, id)),
    "gradsight.importRuns": (uri?: Uri, selected?: Uri[]) => importRuns(hub, dashboard, uri, selected),
    "gradsight.filterRuns": () => filterRuns(hub, runs),
    "gradsight.clearRunsFilter": () => {
      runs.filter = null;
    },
  };
  return registerGuarded(handlers, log);
}
