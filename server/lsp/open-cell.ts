import { NotebookCellKind, type Range } from "vscode-languageserver";
import type { TextDocumentContentChangeEvent } from "vscode-languageserver-textdocument";
import type { Finding, LintOptions, TextRange } from "../analysis/index.ts";
import type { Notebook } from "../notebooks/notebook.ts";
import type { LintedDocument } from "./document.ts";
import type { OpenNotebook } from "./open-notebook.ts";
import type { OpenText, Place } from "./open-text.ts";

/** One cell of an open notebook. Its module is the whole notebook's. */
export class OpenCell implements LintedDocument {
  closed = false;
  kind: NotebookCellKind = NotebookCellKind.Code;
  readonly notebook: OpenNotebook;
  readonly #text: OpenText;

  constructor(notebook: OpenNotebook, text: OpenText) {
    this.notebook = notebook;
    this.#text = text;
  }

  get uri(): string {
    return this.#text.uri;
  }

  get version(): number {
    return this.#text.version;
  }

  get revision(): number {
    return this.notebook.revision;
  }

  get module(): Notebook {
    return this.notebook.module;
  }

  get isStale(): boolean {
    return this.notebook.isStale;
  }

  /** What the module has of it: nothing of a cell in another language. */
  get source(): string {
    return this.kind === NotebookCellKind.Code && this.#text.languageId === "python" ? this.#text.content : "";
  }

  findings(options: LintOptions): readonly Finding[] {
    return this.notebook.findings(options).filter(({ range }) => this.notebook.cellAt(range.start) === this);
  }

  place(range: TextRange): Place {
    const cell = this.notebook.cellAt(range.start);
    const start = this.notebook.start(cell);
    return {
      uri: cell.uri,
      version: cell.version,
      range: cell.range({ start: range.start - start, end: range.end - start }),
    };
  }

  offsets(range: Range): TextRange {
    const { start, end } = this.#text.positions.offsets(range);
    const by = this.notebook.start(this);
    return { start: start + by, end: end + by };
  }

  moduleLine(line: number): number {
    return this.module.text.slice(0, this.notebook.start(this)).split("\n").length - 1 + line;
  }

  range(range: TextRange): Range {
    return this.#text.positions.range(range);
  }

  /** For {@link OpenNotebook}, which has to know. */
  change(changes: readonly TextDocumentContentChangeEvent[], version: number): void {
    for (const change of changes) this.#text.change(change, version);
  }
}
