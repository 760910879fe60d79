import type { Range } from "vscode-languageserver";
import { TextDocument, type TextDocumentContentChangeEvent } from "vscode-languageserver-textdocument";
import type { TextEdit, TextRange } from "../analysis/index.ts";
import { type PositionEncoding, Positions } from "../text/positions.ts";

/** The text of a document that the client has open, kept in step with its changes. */
export class OpenText {
  readonly positions: Positions;
  readonly #text: TextDocument;

  constructor({ uri, languageId, version, text }: TextItem, encoding: PositionEncoding) {
    this.#text = TextDocument.create(uri, languageId, version, text);
    this.positions = new Positions(this.#text, encoding);
  }

  get uri(): string {
    return this.#text.uri;
  }

  get version(): number {
    return this.#text.version;
  }

  get languageId(): string {
    return this.#text.languageId;
  }

  get content(): string {
    return this.#text.getText();
  }

  /** The same change in offsets. Each change's range counts in the text that the one before it left. */
  change(change: TextDocumentContentChangeEvent, version: number): TextEdit {
    if (typeof change.text !== "string") throw new TypeError("a change without text");
    if (!("range" in change) || !change.range) {
      const range = { start: 0, end: this.content.length };
      TextDocument.update(this.#text, [{ text: change.text }], version);
      return { range, newText: change.text };
    }
    const range = this.positions.offsets(change.range);
    const utf16 = { start: this.#text.positionAt(range.start), end: this.#text.positionAt(range.end) };
    TextDocument.update(this.#text, [{ range: utf16, text: change.text }], version);
    return { range, newText: change.text };
  }
}

export interface TextItem {
  readonly uri: string;
  readonly languageId: string;
  readonly version: number;
  readonly text: string;
}

/** Where something stands for the client. */
export interface Place {
  readonly uri: string;
  /** null when the document is not open: LSP's word for what is on the disk. */
  readonly version: number | null;
  readonly range: Range;
}

/** Between the offsets of a module and the lines of the document, or documents, that it is made of. */
export interface Placing {
  place(range: TextRange): Place;
  /** The range of the document itself, in the module. */
  offsets(range: Range): TextRange;
  /** The module's line for one of the document itself; both from 0. */
  moduleLine(line: number): number;
}
