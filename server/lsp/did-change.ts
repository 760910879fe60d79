import type { Context } from "./context.ts";
import { guarded } from "./guard.ts";

export function registerDidChange({ connection, documents }: Context, changed: (uri: string) => void): void {
  connection.onDidChangeTextDocument(
    guarded(connection, "Following a change", undefined, ({ textDocument: { uri, version }, contentChanges }) => {
      const document = documents.script(uri);
      if (!document) return;
      if (version < document.version) {
        connection.console.warn(
          `${uri}: dropped a change to version ${version}, ${document.version} is known already.`,
        );
        return;
      }
      document.change(contentChanges, version ?? document.version);
      changed(uri);
    }),
  );
}
