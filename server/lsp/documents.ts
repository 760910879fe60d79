import type { DidOpenTextDocumentParams } from "vscode-languageserver";
import { TextDocument } from "vscode-languageserver-textdocument";
import type { Analyser, Module } from "../analysis/index.ts";
import { type PositionEncoding, Positions } from "../text/positions.ts";
import { OpenDocument } from "./document.ts";
import type { Host } from "./host.ts";
import type { ImportedModules } from "./imported-modules.ts";

/** A text at rest for the length of one request, open in the editor or not. */
export interface View {
  readonly uri: string;
  /** null when the document is not open: LSP's word for what is on the disk. */
  readonly version: number | null;
  readonly module: Module;
  readonly positions: Positions;
}

/** The Python documents that the client has open. */
export class Documents {
  readonly #open = new Map<string, OpenDocument>();
  readonly #analyser: Pick<Analyser, "open">;
  readonly #host: Host;
  readonly #encoding: PositionEncoding;
  readonly #modules: ImportedModules;

  constructor(analyser: Pick<Analyser, "open">, host: Host, encoding: PositionEncoding, modules: ImportedModules) {
    this.#modules = modules;
    this.#analyser = analyser;
    this.#host = host;
    this.#encoding = encoding;
  }

  get(uri: string): OpenDocument | undefined {
    return this.#open.get(uri);
  }

  all(): Iterable<OpenDocument> {
    return this.#open.values();
  }

  open({ uri, languageId, version, text }: DidOpenTextDocumentParams["textDocument"]): OpenDocument | null {
    // A notebook's cell is no module of its own: what one cell lacks, another may hold.
    if (languageId !== "python" || uri.startsWith("vscode-notebook-cell:")) return null;
    this.close(uri);
    const document = new OpenDocument(
      TextDocument.create(uri, languageId, version, text),
      this.#encoding,
      this.#analyser,
      (of) => this.#modules.originOf(of),
    );
    this.#open.set(uri, document);
    this.#modules.opened(document);
    return document;
  }

  close(uri: string): void {
    this.#open.get(uri)?.close();
    this.#open.delete(uri);
    this.#modules.closed(uri);
  }

  /** Lets `use` see the open document, or, where it is not open, the file. Rejects with a message fit for users. */
  async view<Result>(uri: string, use: (view: View) => Result): Promise<Result> {
    const document = this.get(uri);
    if (document) return use(document);
    const text = await this.#host.readText(uri);
    const opened = this.get(uri);
    if (opened) return use(opened);
    const module = this.#analyser.open(text, this.#modules.originOf(uri));
    try {
      return use({ uri, version: null, module, positions: Positions.of(text, this.#encoding) });
    } finally {
      module.dispose();
    }
  }
}
