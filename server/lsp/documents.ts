import type { DidOpenNotebookDocumentParams, DidOpenTextDocumentParams } from "vscode-languageserver";
import type { Analyser, LineName, Module } from "../analysis/index.ts";
import { isConfig, isNotebook } from "../files/kind.ts";
import type { PositionEncoding } from "../text/positions.ts";
import { type LintedDocument, OpenDocument } from "./document.ts";
import type { Host } from "./host.ts";
import type { ImportedModules } from "./imported-modules.ts";
import type { ObservedRuns } from "./observed-runs.ts";
import { OpenNotebook } from "./open-notebook.ts";
import { OpenText, type Placing } from "./open-text.ts";

/** A text at rest for the length of one request, open in the editor or not. */
export interface View extends Placing {
  readonly module: Omit<Module, "edit" | "observe">;
}

/** Python, and what configures a training. */
const LANGUAGES = new Set(["python", "json", "jsonc", "yaml"]);

type Opener = Pick<Analyser, "open" | "openConfig">;

/** The scripts, notebooks and configurations that the client has open. */
export class Documents {
  readonly #open = new Map<string, OpenDocument>();
  readonly #notebooks = new Map<string, OpenNotebook>();
  readonly #analyser: Opener;
  readonly #host: Host;
  readonly #encoding: PositionEncoding;
  readonly #modules: ImportedModules;
  readonly #runs: ObservedRuns;

  constructor(analyser: Opener, host: Host, encoding: PositionEncoding, modules: ImportedModules, runs: ObservedRuns) {
    this.#runs = runs;
    this.#modules = modules;
    this.#analyser = analyser;
    this.#host = host;
    this.#encoding = encoding;
  }

  /** A script. */
  script(uri: string): OpenDocument | undefined {
    return this.#open.get(uri);
  }

  notebook(uri: string): OpenNotebook | undefined {
    return this.#notebooks.get(uri);
  }

  /** A script, or a cell of a notebook. */
  get(uri: string): LintedDocument | undefined {
    const script = this.#open.get(uri);
    if (script) return script;
    for (const notebook of this.#notebooks.values()) {
      const cell = notebook.cell(uri);
      if (cell) return cell;
    }
    return undefined;
  }

  /** Of a cell, the notebook that it is in. */
  fileOf(uri: string): string {
    for (const notebook of this.#notebooks.values()) if (notebook.cell(uri)) return notebook.uri;
    return uri;
  }

  /** The paths of the scripts and notebooks. */
  get paths(): string[] {
    const scripts = [...this.#open.keys()].filter((uri) => !isConfig(uri));
    return [...scripts, ...this.#notebooks.keys()].flatMap((uri) => this.#host.pathOf(uri) ?? []);
  }

  all(): LintedDocument[] {
    return [...this.#open.values(), ...[...this.#notebooks.values()].flatMap(({ cells }) => cells)];
  }

  open({ uri, languageId, version, text }: DidOpenTextDocumentParams["textDocument"]): OpenDocument | null {
    // A notebook's cell is no module of its own: what one cell lacks, another may hold.
    if (!LANGUAGES.has(languageId) || uri.startsWith("vscode-notebook-cell:")) return null;
    this.close(uri);
    const path = languageId === "python" ? this.#host.pathOf(uri) : null;
    const document = new OpenDocument(
      new OpenText({ uri, languageId, version, text }, this.#encoding),
      (content) => this.#module(uri, languageId !== "python", content),
      (content) => this.#runs.of(path, content),
    );
    this.#open.set(uri, document);
    if (languageId === "python") this.#modules.opened(document);
    return document;
  }

  close(uri: string): void {
    this.#open.get(uri)?.close();
    this.#open.delete(uri);
    this.#modules.closed(uri);
  }

  openNotebook({ notebookDocument: { uri, cells }, cellTextDocuments }: DidOpenNotebookDocumentParams): OpenNotebook {
    this.closeNotebook(uri);
    const open = (text: string, lineName: LineName) => this.#analyser.open(text, this.#modules.originOf(uri), lineName);
    const path = this.#host.pathOf(uri);
    const notebook = new OpenNotebook(uri, this.#encoding, open, (cells) => this.#runs.ofCells(path, cells));
    this.#notebooks.set(uri, notebook);
    notebook.restructure({ array: { start: 0, deleteCount: 0, cells }, didOpen: cellTextDocuments });
    return notebook;
  }

  closeNotebook(uri: string): void {
    this.#notebooks.get(uri)?.close();
    this.#notebooks.delete(uri);
  }

  #module(uri: string, isConfiguration: boolean, text: string): Module {
    return isConfiguration ? this.#analyser.openConfig(text) : this.#analyser.open(text, this.#modules.originOf(uri));
  }

  /** Lets `use` see the open document, or, where it is not open, the file. Rejects with a message fit for users. */
  async view<Result>(uri: string, use: (view: View) => Result): Promise<Result> {
    // A notebook's file may be open as JSON besides.
    const document = this.#notebooks.get(uri)?.cells[0] ?? this.get(uri);
    if (document) return use(document);
    if (isNotebook(uri)) throw new Error(`${uri} is a notebook. Open it in the notebook editor first.`);
    const text = await this.#host.readText(uri);
    const opened = this.get(uri);
    if (opened) return use(opened);
    const module = this.#module(uri, isConfig(uri), text);
    const { positions } = new OpenText({ uri, languageId: "python", version: 0, text }, this.#encoding);
    try {
      return use({
        module,
        place: (range) => ({ uri, version: null, range: positions.range(range) }),
        offsets: (range) => positions.offsets(range),
        moduleLine: (line) => line,
      });
    } finally {
      module.dispose();
    }
  }
}
