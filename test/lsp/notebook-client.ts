/** A notebook as an editor has it open: tells the server what is done to its cells, and applies the edits that it answers. */
import {
  DidChangeNotebookDocumentNotification,
  DidCloseNotebookDocumentNotification,
  DidOpenNotebookDocumentNotification,
  NotebookCellKind,
  type NotebookDocumentChangeEvent,
  type TextDocumentContentChangeEvent,
  type TextDocumentEdit,
  type WorkspaceEdit,
} from "vscode-languageserver-protocol/node";
import { TextDocument } from "vscode-languageserver-textdocument";
import type { LspClient } from "./client.ts";

export class NotebookClient {
  readonly #client: LspClient;
  readonly #uri: string;
  #version = 1;
  #made = 0;
  #cells: TextDocument[] = [];

  constructor(client: LspClient, uri: string) {
    this.#client = client;
    this.#uri = uri;
  }

  uri(cell: number): string {
    return this.#cells[cell]!.uri;
  }

  text(cell: number): string {
    return this.#cells[cell]!.getText();
  }

  open(texts: readonly string[]): Promise<void> {
    this.#made = 0;
    this.#cells = texts.map((text) => this.#make(text));
    return this.#client.connection.sendNotification(DidOpenNotebookDocumentNotification.type, {
      notebookDocument: {
        uri: this.#uri,
        notebookType: "jupyter-notebook",
        version: this.#version,
        cells: this.#cells.map(cellOf),
      },
      cellTextDocuments: this.#cells.map(itemOf),
    });
  }

  close(): Promise<void> {
    return this.#client.connection.sendNotification(DidCloseNotebookDocumentNotification.type, {
      notebookDocument: { uri: this.#uri },
      cellTextDocuments: this.#cells.map(({ uri }) => ({ uri })),
    });
  }

  insert(index: number, text: string, languageId = "python"): Promise<void> {
    const cell = this.#make(text, languageId);
    this.#cells.splice(index, 0, cell);
    const array = { start: index, deleteCount: 0, cells: [cellOf(cell)] };
    return this.#change({ structure: { array, didOpen: [itemOf(cell)], didClose: [] } });
  }

  remove(index: number): Promise<void> {
    const [cell] = this.#cells.splice(index, 1);
    return this.#change({ structure: { array: { start: index, deleteCount: 1 }, didClose: [{ uri: cell!.uri }] } });
  }

  /** As VS Code tells it: one stretch of cells, in another order. */
  move(from: number, to: number): Promise<void> {
    const [cell] = this.#cells.splice(from, 1);
    this.#cells.splice(to, 0, cell!);
    const [start, end] = [Math.min(from, to), Math.max(from, to) + 1];
    const cells = this.#cells.slice(start, end).map(cellOf);
    return this.#change({
      structure: { array: { start, deleteCount: end - start, cells }, didOpen: [], didClose: [] },
    });
  }

  edit(cell: number, ...changes: TextDocumentContentChangeEvent[]): Promise<void> {
    const document = this.#cells[cell]!;
    TextDocument.update(document, changes, document.version + 1);
    return this.#change({ textContent: [{ document: { uri: document.uri, version: document.version }, changes }] });
  }

  /** The documents that it changed. */
  async apply({ documentChanges = [] }: WorkspaceEdit): Promise<string[]> {
    for (const { textDocument, edits } of documentChanges as TextDocumentEdit[]) {
      const index = this.#cells.findIndex(({ uri }) => uri === textDocument.uri);
      const cell = this.#cells[index];
      if (cell?.version !== textDocument.version) throw new Error(`an edit of another version: ${textDocument.uri}`);
      await this.edit(index, {
        text: TextDocument.applyEdits(cell, edits as Parameters<typeof TextDocument.applyEdits>[1]),
      });
    }
    return (documentChanges as TextDocumentEdit[]).map(({ textDocument }) => textDocument.uri);
  }

  #change(cells: NonNullable<NotebookDocumentChangeEvent["cells"]>): Promise<void> {
    this.#version += 1;
    return this.#client.connection.sendNotification(DidChangeNotebookDocumentNotification.type, {
      notebookDocument: { uri: this.#uri, version: this.#version },
      change: { cells },
    });
  }

  #make(text: string, languageId = "python"): TextDocument {
    this.#made += 1;
    const uri = this.#uri.replace("file:", "vscode-notebook-cell:");
    return TextDocument.create(`${uri}#${this.#made}`, languageId, 1, text);
  }
}

const cellOf = ({ uri, languageId }: TextDocument) => ({
  kind: languageId === "markdown" ? NotebookCellKind.Markup : NotebookCellKind.Code,
  document: uri,
});

const itemOf = (cell: TextDocument) => ({
  uri: cell.uri,
  languageId: cell.languageId,
  version: cell.version,
  text: cell.getText(),
});
