import { DidChangeWorkspaceFoldersNotification } from "vscode-languageserver";
import type { Context } from "./context.ts";
import { guarded } from "./guard.ts";

/** `workspace/didChangeWorkspaceFolders`: imports lead as far as the folder that a file lies in. */
export function registerDidChangeWorkspaceFolders({ connection, modules }: Context, changed: () => void): void {
  connection.onNotification(
    DidChangeWorkspaceFoldersNotification.type,
    guarded(connection, "Changing folders", undefined, ({ event }) => {
      const uris = (folders: readonly { uri: string }[]) => folders.map(({ uri }) => uri);
      modules.foldersChanged(uris(event.added), uris(event.removed));
      changed();
    }),
  );
}
