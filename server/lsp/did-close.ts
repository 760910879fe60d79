import type { Context } from "./context.ts";
import { guarded } from "./guard.ts";

export function registerDidClose({ connection, documents, settings }: Context, closed: (uri: string) => void): void {
  connection.onDidCloseTextDocument(
    guarded(connection, "Closing a document", undefined, ({ textDocument: { uri } }) => {
      if (!documents.script(uri)) return;
      documents.close(uri);
      settings.forget(uri);
      closed(uri);
    }),
  );
}
