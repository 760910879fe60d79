import { type Disposable, type ExtensionContext, type LogOutputChannel, l10n, window } from "vscode";
import { fixAllInFile } from "../commands/fix-all-in-file.ts";
import { registerGuarded } from "../commands/guarded.ts";
import { openWalkthrough } from "../commands/open-walkthrough.ts";
import type { WebServer } from "./web-server.ts";

export function registerCommands(context: ExtensionContext, server: WebServer, log: LogOutputChannel): Disposable {
  return registerGuarded(
    {
      "gradsight.fixAllInFile": () => fixAllInFile(server),
      "gradsight.openWalkthrough": () => openWalkthrough(context),
      "gradsight.restartServer": () => server.restart(),
      "gradsight.showLog": () => log.show(),
      // Out of the menus once we are active; before that, and from a key, they say why they do nothing.
      "gradsight.runWithTelemetry": needsPython,
      "gradsight.debugWithTelemetry": needsPython,
      "gradsight.findThreshold": needsPython,
      "gradsight.openDashboard": needsPython,
      "gradsight.openRun": needsPython,
      "gradsight.renameRun": needsPython,
      "gradsight.deleteRun": needsPython,
      "gradsight.starRun": needsPython,
      "gradsight.unstarRun": needsPython,
      "gradsight.tagRun": needsPython,
      "gradsight.noteRun": needsPython,
      "gradsight.exportRun": needsPython,
      "gradsight.importRuns": needsPython,
      "gradsight.filterRuns": needsPython,
      "gradsight.clearRunsFilter": needsPython,
    },
    log,
  );
}

function needsPython(): void {
  void window.showInformationMessage(
    l10n.t(
      "A browser has no Python to run: here, Gradsight lints. To record runs, open the folder in VS Code on a desktop, or connect to a remote machine.",
    ),
  );
}
