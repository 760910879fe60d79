/** Starts the hub when the user starts a run in a terminal, where shell integration tells; otherwise the probe spills to disk. */
import { type Disposable, type LogOutputChannel, window } from "vscode";
import type { HubClient } from "../hub/hub-client.ts";

const OURS = /\bgradsight\b/;

export function watchTerminals(hub: HubClient, log: LogOutputChannel): Disposable {
  return window.onDidStartTerminalShellExecution(({ execution }) => {
    if (OURS.test(execution.commandLine.value))
      hub.refresh().catch((error: Error) => log.warn(`A run in a terminal is not recorded live: ${error.message}`));
  });
}
