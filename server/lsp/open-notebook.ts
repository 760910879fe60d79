import type { NotebookCell, NotebookDocumentChangeEvent, TextDocumentItem } from "vscode-languageserver";
import type { Finding, LineName, LintOptions, Module, ObservedRun } from "../analysis/index.ts";
import type { Cells } from "../notebooks/cells.ts";
import { Notebook } from "../notebooks/notebook.ts";
import type { PositionEncoding } from "../text/positions.ts";
import { KeptFindings } from "./kept-findings.ts";
import { OpenCell } from "./open-cell.ts";
import { OpenText } from "./open-text.ts";

type Structure = NonNullable<NonNullable<NotebookDocumentChangeEvent["cells"]>["structure"]>;
type TextContent = NonNullable<NonNullable<NotebookDocumentChangeEvent["cells"]>["textContent"]>[number];

/** One open notebook: its cells in their order, and the one module that the analyser keeps of them. */
export class OpenNotebook {
  readonly uri: string;
  revision = 0;
  readonly #encoding: PositionEncoding;
  readonly #open: (text: string, lineName: LineName) => Module;
  readonly #observed: (cells: Cells) => readonly ObservedRun[];
  readonly #documents = new Map<string, OpenCell>();
  #cells: OpenCell[] = [];
  #module: Notebook | null = null;
  readonly #findings = new KeptFindings();

  /** `observed`: what runs saw of the cells, the same list as long as it is the same. */
  constructor(
    uri: string,
    encoding: PositionEncoding,
    open: (text: string, lineName: LineName) => Module,
    observed: (cells: Cells) => readonly ObservedRun[],
  ) {
    this.#observed = observed;
    this.uri = uri;
    this.#encoding = encoding;
    this.#open = open;
  }

  get cells(): readonly OpenCell[] {
    return this.#cells;
  }

  /** Parsed when first asked for, and anew should an edit ever have failed. */
  get module(): Notebook {
    const module = this.#parsed;
    module.observe(this.#runs);
    return module;
  }

  get #parsed(): Notebook {
    this.#module ??= new Notebook(
      this.#cells.map(({ source }) => source),
      this.#open,
    );
    return this.#module;
  }

  get #runs(): readonly ObservedRun[] {
    return this.#observed(this.#parsed.cells);
  }

  get isStale(): boolean {
    return !this.#findings.isEmpty && this.#module?.isCurrent === false;
  }

  findings(options: LintOptions): readonly Finding[] {
    if (this.isStale) this.#findings.forget();
    return this.#findings.of(options, this.#runs, () => this.module.lint(options));
  }

  cell(uri: string): OpenCell | undefined {
    return this.#documents.get(uri);
  }

  cellAt(offset: number): OpenCell {
    return this.#cells[this.module.cells.at(offset)]!;
  }

  start(cell: OpenCell): number {
    return this.module.cells.start(this.#cells.indexOf(cell));
  }

  /** Cells come, go or move. Returns those that are gone. */
  restructure({ array, didOpen = [], didClose = [] }: Structure): OpenCell[] {
    return this.#change(() => {
      for (const item of didOpen) this.#add(item);
      const cells = (array.cells ?? []).map((cell) => this.#documentOf(cell));
      this.#cells.splice(array.start, array.deleteCount, ...cells);
      this.#module?.replace(
        array.start,
        array.deleteCount,
        cells.map(({ source }) => source),
      );
      return didClose.flatMap(({ uri }) => this.#remove(uri) ?? []);
    });
  }

  /** The kind of a cell may have changed. */
  describe(cell: NotebookCell): void {
    this.#change(() => this.#replace(this.#documentOf(cell)));
  }

  /** Returns false for a version that has passed. */
  edit({ document: { uri, version }, changes }: TextContent): boolean {
    const cell = this.#documents.get(uri);
    if (!cell || version < cell.version) return false;
    this.#change(() => {
      cell.change(changes, version);
      this.#replace(cell);
    });
    return true;
  }

  close(): void {
    for (const cell of this.#cells) cell.closed = true;
    this.#forget();
  }

  #add(item: TextDocumentItem): void {
    const before = this.#documents.get(item.uri);
    if (before) before.closed = true;
    this.#documents.set(item.uri, new OpenCell(this, new OpenText(item, this.#encoding)));
  }

  /** Not one that was closed and opened in one message. */
  #remove(uri: string): OpenCell | null {
    const cell = this.#documents.get(uri);
    if (!cell || this.#cells.includes(cell)) return null;
    cell.closed = true;
    this.#documents.delete(uri);
    return cell;
  }

  #documentOf({ document, kind }: NotebookCell): OpenCell {
    const cell = this.#documents.get(document);
    if (!cell) throw new Error(`${this.uri}: the client has not opened its cell ${document}`);
    cell.kind = kind;
    return cell;
  }

  #replace(cell: OpenCell): void {
    const index = this.#cells.indexOf(cell);
    if (index >= 0) this.#module?.replace(index, 1, [cell.source]);
  }

  #change<Result>(make: () => Result): Result {
    this.revision += 1;
    this.#findings.forget();
    try {
      return make();
    } catch (error) {
      // Some of the change may be in the cells but not in the module.
      this.#forget();
      throw error;
    }
  }

  #forget(): void {
    this.#findings.forget();
    const module = this.#module;
    this.#module = null;
    module?.dispose();
  }
}
