import type { Context } from "./context.ts";
import { guarded } from "./guard.ts";

/** `workspace/didChangeWatchedFiles`: configuration, requirements and imported files; `changed` is called once the new ones are in force. */
export function registerDidChangeWatchedFiles({ connection, modules, settings }: Context, changed: () => void): void {
  connection.onDidChangeWatchedFiles(
    guarded(connection, "Watching files", undefined, ({ changes }) => {
      modules.refresh();
      if (changes.some(({ uri }) => !uri.endsWith(".py"))) settings.forgetFiles();
      changed();
    }),
  );
}
