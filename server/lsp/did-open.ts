import type { Context } from "./context.ts";
import { guarded } from "./guard.ts";

export function registerDidOpen({ connection, documents }: Context, opened: (uri: string) => void): void {
  connection.onDidOpenTextDocument(
    guarded(connection, "Opening a document", undefined, ({ textDocument }) => {
      if (documents.open(textDocument)) opened(textDocument.uri);
    }),
  );
}
