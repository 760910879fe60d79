/** Starts the hub when a cell is run in a notebook that records itself, so that its runs are shown live. */
import { type Disposable, type LogOutputChannel, type NotebookDocument, workspace } from "vscode";
import type { HubClient } from "../hub/hub-client.ts";

const OURS = /\bgradsight\b/;

export function watchNotebooks(hub: HubClient, log: LogOutputChannel): Disposable {
  return workspace.onDidChangeNotebookDocument(({ notebook, cellChanges }) => {
    if (!workspace.isTrusted || !cellChanges.some(({ executionSummary }) => executionSummary) || !isRecorded(notebook))
      return;
    hub.refresh().catch((error: Error) => log.warn(`A notebook is not recorded live: ${error.message}`));
  });
}

function isRecorded(notebook: NotebookDocument): boolean {
  return notebook.getCells().some(({ document }) => document.languageId === "python" && OURS.test(document.getText()));
}
