/** Opens a place in the user's code where the user works: in an editor that shows the file, else not over the dashboard. */

import { createHash } from "node:crypto";
import {
  type LogOutputChannel,
  l10n,
  type NotebookDocument,
  type Range,
  type TextDocument,
  type TextEditor,
  TextEditorRevealType,
  Uri,
  ViewColumn,
  window,
  workspace,
} from "vscode";
import { type CodeLocation, hashedCell } from "../../protocol/telemetry.ts";
import { notebookOf } from "../active-document.ts";

export async function reveal({ file, line, cell }: CodeLocation, log: LogOutputChannel): Promise<void> {
  try {
    const code = await openCode(file);
    if ("languageId" in code) await showLine(code, line);
    else await showCell(code, cell ?? null, line);
  } catch (error) {
    log.warn(`${file}: ${(error as Error).message}`);
    void window.showWarningMessage(l10n.t("{0} can't be opened. Was it moved or deleted?", file));
  }
}

/** Opens a file as the user would, a notebook as one, without showing it. Rejects where there is none. */
export function openCode(file: string): Thenable<TextDocument | NotebookDocument> {
  const uri = Uri.file(file);
  return file.endsWith(".ipynb") ? workspace.openNotebookDocument(uri) : workspace.openTextDocument(uri);
}

/** @param line counted from 1; the last one where the text has become shorter */
async function showLine(document: TextDocument, line: number): Promise<void> {
  const last = document.lineCount - 1;
  await showRange(document, document.lineAt(Math.min(Math.max(line - 1, 0), last)).range);
}

/** Shows the document, which may be a notebook's cell, with `range` selected. */
export async function showRange(document: TextDocument, range: Range): Promise<TextEditor> {
  const notebook = notebookOf(document);
  const shown = notebook
    ? window.visibleNotebookEditors.find((editor) => editor.notebook === notebook)
    : window.visibleTextEditors.find((editor) => editor.document === document);
  const editor = await window.showTextDocument(document, {
    viewColumn: shown?.viewColumn ?? ViewColumn.One,
    preview: false,
    selection: range,
  });
  editor.revealRange(range, TextEditorRevealType.InCenterIfOutsideViewport);
  return editor;
}

/** Shows the notebook, at the line of the cell whose text has this hash still, if one has. */
async function showCell(notebook: NotebookDocument, hash: string | null, line: number): Promise<void> {
  const found = notebook.getCells().find(({ document }) => hashOfCell(document) === hash);
  if (found) await showLine(found.document, line);
  else await window.showNotebookDocument(notebook, { viewColumn: ViewColumn.One, preview: false });
}

/** What a cell is known by. */
export const hashOfCell = (cell: TextDocument): string =>
  createHash("sha256").update(hashedCell(cell.getText())).digest("hex");
