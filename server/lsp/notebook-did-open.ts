import type { Context } from "./context.ts";
import type { DiagnosticsFeature } from "./diagnostics.ts";
import { guarded } from "./guard.ts";

/** `notebookDocument/didOpen` */
export function registerNotebookDidOpen(
  { connection, documents }: Context,
  diagnostics: DiagnosticsFeature,
  opened: () => void,
): void {
  connection.notebooks.synchronization.onDidOpenNotebookDocument(
    guarded(connection, "Opening a notebook", undefined, (params) => {
      diagnostics.notebookChanged(documents.openNotebook(params), new Set());
      opened();
    }),
  );
}
