/**
 * Asks for the hub as soon as the window opens, if a training was going on when it was closed or reloaded: the status bar
 * and the notifications then follow it as before, with no view open.
 */
import type { Disposable, LogOutputChannel, Memento } from "vscode";
import type { HubClient } from "../hub/hub-client.ts";

const GOING_ON = "runs.goingOn";

/** @param memory of the workspace: it outlives a reload of the window */
export function followAgain(hub: HubClient, memory: Memento, log: LogOutputChannel): Disposable {
  if (memory.get(GOING_ON, false))
    hub.refresh().catch((error: Error) => log.warn(`The runs are not followed: ${error.message}`));
  return hub.onDidChangeRuns((runs) => {
    const goingOn = runs.some(({ status }) => status === "running");
    if (goingOn !== memory.get(GOING_ON, false)) void memory.update(GOING_ON, goingOn);
  });
}
