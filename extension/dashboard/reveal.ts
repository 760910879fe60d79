/** Opens a place in the user's code where the user works: in an editor that shows the file, else not over the dashboard. */

import { createHash } from "node:crypto";
import type { TextDocument, TextEditor } from "vscode";
import {
  type LogOutputChannel,
  l10n,
  NotebookRange,
  type Range,
  TextEditorRevealType,
  Uri,
  ViewColumn,
  window,
  workspace,
} from "vscode";
import { type CodeLocation, hashedCell } from "../../protocol/telemetry.ts";

export async function reveal({ file, line, cell }: CodeLocation, log: LogOutputChannel): Promise<void> {
  try {
    if (cell) return await showCell(Uri.file(file), cell);
    const document = await workspace.openTextDocument(Uri.file(file));
    const last = document.lineCount - 1;
    await showRange(document, document.lineAt(Math.min(Math.max(line - 1, 0), last)).range);
  } catch (error) {
    log.warn(`${file}: ${(error as Error).message}`);
    void window.showWarningMessage(l10n.t("{0} can't be opened. Was it moved or deleted?", file));
  }
}

/** Shows the document with `range` selected. */
export async function showRange(document: TextDocument, range: Range): Promise<TextEditor> {
  const shown = window.visibleTextEditors.find((editor) => editor.document === document)?.viewColumn;
  const editor = await window.showTextDocument(document, {
    viewColumn: shown ?? ViewColumn.One,
    preview: false,
    selection: range,
  });
  editor.revealRange(range, TextEditorRevealType.InCenterIfOutsideViewport);
  return editor;
}

/** Shows the notebook, at the cell that is still what ran, if one is. */
async function showCell(uri: Uri, hash: string): Promise<void> {
  const notebook = await workspace.openNotebookDocument(uri);
  const found = notebook.getCells().findIndex(({ document }) => hashOf(document.getText()) === hash);
  const selections = found < 0 ? {} : { selections: [new NotebookRange(found, found + 1)] };
  await window.showNotebookDocument(notebook, { viewColumn: ViewColumn.One, preview: false, ...selections });
}

const hashOf = (source: string): string => createHash("sha256").update(hashedCell(source)).digest("hex");
