import type { Context } from "./context.ts";
import type { DiagnosticsFeature } from "./diagnostics.ts";
import { guarded } from "./guard.ts";

/** `notebookDocument/didClose` */
export function registerNotebookDidClose(
  { connection, documents, settings }: Context,
  diagnostics: DiagnosticsFeature,
  closed: () => void,
): void {
  connection.notebooks.synchronization.onDidCloseNotebookDocument(
    guarded(connection, "Closing a notebook", undefined, ({ notebookDocument: { uri } }) => {
      const cells = documents.notebook(uri)?.cells ?? [];
      documents.closeNotebook(uri);
      settings.forget(uri);
      for (const cell of cells) diagnostics.closed(cell.uri);
      closed();
    }),
  );
}
