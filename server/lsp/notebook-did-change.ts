import type { Context } from "./context.ts";
import type { DiagnosticsFeature } from "./diagnostics.ts";
import { guarded } from "./guard.ts";

/** `notebookDocument/didChange`: cells that come, go, move or are edited. */
export function registerNotebookDidChange({ connection, documents }: Context, diagnostics: DiagnosticsFeature): void {
  connection.notebooks.synchronization.onDidChangeNotebookDocument(
    guarded(connection, "Following a notebook", undefined, ({ notebookDocument: { uri }, change: { cells } }) => {
      const notebook = documents.notebook(uri);
      // The notebook's own metadata says nothing about gradients.
      if (!notebook || !cells) return;
      const { structure, data = [], textContent = [] } = cells;
      if (structure) for (const gone of notebook.restructure(structure)) diagnostics.closed(gone.uri);
      for (const cell of data) notebook.describe(cell);
      for (const content of textContent)
        if (!notebook.edit(content))
          connection.console.warn(`${content.document.uri}: dropped a change to version ${content.document.version}.`);
      const edited = textContent.map(({ document }) => document.uri);
      diagnostics.notebookChanged(notebook, new Set(edited));
    }),
  );
}
