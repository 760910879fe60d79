import { type TextDocument, window } from "vscode";

/** The Python document that the user works on: a script, or a cell of the notebook in front. */
export function activeDocument(): TextDocument | undefined {
  const document = window.activeTextEditor?.document;
  if (document?.languageId === "python") return document;
  // A cell that is selected, rather than edited, has no active editor.
  const cells = window.activeNotebookEditor?.notebook.getCells() ?? [];
  return cells.find((cell) => cell.document.languageId === "python")?.document;
}

/** Changes with any text that an edit of this document may touch. */
export function versionsOf(document: TextDocument): string {
  const notebook = window.activeNotebookEditor?.notebook;
  const cells = notebook?.getCells().map((cell) => cell.document) ?? [];
  const together = cells.includes(document) ? cells : [document];
  return together.map(({ version }) => version).join();
}
