import type { Context } from "./context.ts";
import { guarded } from "./guard.ts";

/** `workspace/didChangeWatchedFiles`: configuration files; `changed` is called once the new ones are in force. */
export function registerDidChangeWatchedFiles({ connection, settings }: Context, changed: () => void): void {
  connection.onDidChangeWatchedFiles(
    guarded(connection, "Watching configuration files", undefined, () => {
      settings.forgetFiles();
      changed();
    }),
  );
}
