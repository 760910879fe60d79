/**
 * The extension where there is no Node, in VS Code for the Web: it lints and fixes. Runs need a Python, so they, and all that
 * shows them, are absent.
 */
import { commands, type ExtensionContext, l10n, window } from "vscode";
import { languageStatus } from "../language/language-status.ts";
import { registerCommands } from "./commands.ts";
import { WebServer } from "./web-server.ts";

let server: WebServer | undefined;

export async function activate(context: ExtensionContext): Promise<void> {
  const log = window.createOutputChannel("Gradsight", { log: true });
  void commands.executeCommand("setContext", "gradsight.onlyLints", true);
  server = new WebServer(context, log);
  context.subscriptions.push(
    log,
    registerCommands(context, server, log),
    languageStatus(server, server.schemes, l10n.t("Runs need a desktop or a remote machine.")),
  );
  void server.start();
}

export function deactivate(): Promise<void> | undefined {
  return server?.dispose();
}
