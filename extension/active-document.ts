import { type NotebookDocument, type TextDocument, window, workspace } from "vscode";

/** The Python document that the user works on: a script, or a cell of the notebook in front. */
export function activeDocument(): TextDocument | undefined {
  const document = window.activeTextEditor?.document;
  if (document?.languageId === "python") return document;
  // A cell that is selected, rather than edited, has no active editor.
  const cells = window.activeNotebookEditor?.notebook.getCells() ?? [];
  return cells.find((cell) => cell.document.languageId === "python")?.document;
}

/** The open notebook that has this cell. */
export function notebookOf(cell: TextDocument): NotebookDocument | undefined {
  return workspace.notebookDocuments.find((notebook) => notebook.getCells().some(({ document }) => document === cell));
}

/** Changes with any text that an edit of this code may touch, and not with what cells print. */
export function versionsOf(code: TextDocument | NotebookDocument): string {
  if ("languageId" in code) {
    const notebook = notebookOf(code);
    return notebook ? versionsOf(notebook) : String(code.version);
  }
  return code
    .getCells()
    .map(({ document }) => document.version)
    .join();
}
