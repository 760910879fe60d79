/** Every command by name. A command that fails says so and leaves the others alone. */
import { commands, Disposable, type ExtensionContext, type LogOutputChannel, l10n, type Uri, window } from "vscode";
import type { Dashboard } from "../dashboard/dashboard.ts";
import type { LanguageServer } from "../language/language-server.ts";
import type { RunsView } from "../runs/runs-view.ts";
import { deleteRun } from "./delete-run.ts";
import { fixAllInFile } from "./fix-all-in-file.ts";
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
  const handlers: Record<string, (...args: never[]) => unknown> = {
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
  const guarded =
    (handler: (...args: never[]) => unknown) =>
    async (...args: unknown[]) => {
      try {
        return await handler(...(args as never[]));
      } catch (error) {
        log.error(error instanceof Error ? error : String(error));
        const showLog = l10n.t("Show Log");
        const message = error instanceof Error ? error.message : String(error);
        if ((await window.showErrorMessage(`Gradsight: ${message}`, showLog)) === showLog) log.show();
      }
    };
  return Disposable.from(
    ...Object.entries(handlers).map(([name, handler]) => commands.registerCommand(name, guarded(handler))),
  );
}
