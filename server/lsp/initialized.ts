import { DidChangeConfigurationNotification, DidChangeWatchedFilesNotification } from "vscode-languageserver";
import type { Context } from "./context.ts";
import { guarded } from "./guard.ts";
import { SECTION } from "./settings.ts";

/** `initialized`: asks to be told what changes besides documents. */
export function registerInitialized({ connection, client, host }: Context): void {
  connection.onInitialized(
    guarded(connection, "Following the configuration", undefined, async () => {
      if (client.registersConfiguration)
        await connection.client.register(DidChangeConfigurationNotification.type, { section: SECTION });
      if (client.registersWatchedFiles)
        await connection.client.register(DidChangeWatchedFilesNotification.type, {
          watchers: [...host.watched, "**/*.py"].map((globPattern) => ({ globPattern })),
        });
    }),
  );
}
