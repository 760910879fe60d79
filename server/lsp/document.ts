import { TextDocument, type TextDocumentContentChangeEvent } from "vscode-languageserver-textdocument";
import type { Analyser, Finding, LintOptions, Module, Origin, TextEdit, WorkspaceModule } from "../analysis/index.ts";
import { type PositionEncoding, Positions } from "../text/positions.ts";

/** One open document: its text, which is the truth, and the module that the analyser keeps of it. */
export class OpenDocument {
  readonly positions: Positions;
  closed = false;
  readonly #text: TextDocument;
  readonly #analyser: Pick<Analyser, "open">;
  readonly #originOf: (uri: string) => Origin | undefined;
  #imported: WorkspaceModule | null = null;
  #module: Module | null = null;
  #findings: { readonly options: LintOptions; readonly findings: readonly Finding[] } | null = null;

  constructor(
    text: TextDocument,
    encoding: PositionEncoding,
    analyser: Pick<Analyser, "open">,
    originOf: (uri: string) => Origin | undefined,
  ) {
    this.#text = text;
    this.#analyser = analyser;
    this.#originOf = originOf;
    this.positions = new Positions(text, encoding);
  }

  get uri(): string {
    return this.#text.uri;
  }

  get version(): number {
    return this.#text.version;
  }

  /** Parsed when first asked for, and anew should an edit ever have failed. */
  get module(): Module {
    if (this.closed) throw new Error(`${this.uri} is closed`);
    this.#module ??= this.#analyser.open(this.#text.getText(), this.#originOf(this.uri));
    return this.#module;
  }

  /** What was last found no longer holds, since something that the text imports has changed. */
  get isStale(): boolean {
    return this.#findings !== null && this.#module?.isCurrent === false;
  }

  /** What others see that import it. */
  imported(path: string): WorkspaceModule {
    this.#imported ??= { path, text: this.#text.getText() };
    return this.#imported;
  }

  /** Kept until the text or the options change: a cursor that moves asks for code actions, not for a new analysis. */
  findings(options: LintOptions): readonly Finding[] {
    if (this.#findings?.options !== options || this.isStale)
      this.#findings = { options, findings: this.module.lint(options) };
    return this.#findings.findings;
  }

  change(changes: readonly TextDocumentContentChangeEvent[], version: number): void {
    this.#findings = null;
    this.#imported = null;
    try {
      const edits = changes.map((change) => this.#apply(change, version));
      this.#module?.edit(edits);
    } catch (error) {
      // Some of the changes may be in the text but not in the module.
      this.#forget();
      throw error;
    }
  }

  close(): void {
    this.closed = true;
    this.#findings = null;
    this.#forget();
  }

  /** Each change's range counts in the text that the one before it left. */
  #apply(change: TextDocumentContentChangeEvent, version: number): TextEdit {
    if (typeof change.text !== "string") throw new TypeError("a change without text");
    if (!("range" in change) || !change.range) {
      const range = { start: 0, end: this.#text.getText().length };
      TextDocument.update(this.#text, [{ text: change.text }], version);
      return { range, newText: change.text };
    }
    const range = this.positions.offsets(change.range);
    const utf16 = { start: this.#text.positionAt(range.start), end: this.#text.positionAt(range.end) };
    TextDocument.update(this.#text, [{ range: utf16, text: change.text }], version);
    return { range, newText: change.text };
  }

  #forget(): void {
    const module = this.#module;
    this.#module = null;
    module?.dispose();
  }
}
