import type { Range } from "vscode-languageserver";
import type { TextDocumentContentChangeEvent } from "vscode-languageserver-textdocument";
import type { Finding, LintOptions, Module, ObservedRun, TextRange, WorkspaceModule } from "../analysis/index.ts";
import { KeptFindings } from "./kept-findings.ts";
import type { OpenText, Place, Placing } from "./open-text.ts";

/** What features ask of an open document, be it a script or a cell of a notebook. Offsets count in its module. */
export interface LintedDocument extends Placing {
  readonly uri: string;
  readonly version: number;
  /** Another number after each change of the module. */
  readonly revision: number;
  readonly closed: boolean;
  readonly module: Omit<Module, "edit" | "observe">;
  /** What was last found no longer holds, since something that the text imports or runs with has changed. */
  readonly isStale: boolean;
  /** Those that stand in this document. */
  findings(options: LintOptions): readonly Finding[];
}

/** One open document: its text, which is the truth, and the module that the analyser keeps of it. */
export class OpenDocument implements LintedDocument {
  closed = false;
  readonly #text: OpenText;
  readonly #open: (text: string) => Module;
  readonly #observed: (text: string) => readonly ObservedRun[];
  #imported: WorkspaceModule | null = null;
  #module: Module | null = null;
  readonly #findings = new KeptFindings();

  /** `observed`: what runs saw of a text, the same list as long as it is the same. */
  constructor(text: OpenText, open: (text: string) => Module, observed: (text: string) => readonly ObservedRun[]) {
    this.#observed = observed;
    this.#text = text;
    this.#open = open;
  }

  get uri(): string {
    return this.#text.uri;
  }

  get version(): number {
    return this.#text.version;
  }

  get revision(): number {
    return this.#text.version;
  }

  /** Parsed when first asked for, and anew should an edit ever have failed. */
  get module(): Module {
    if (this.closed) throw new Error(`${this.uri} is closed`);
    this.#module ??= this.#open(this.#text.content);
    this.#module.observe(this.#observed(this.#text.content));
    return this.#module;
  }

  get isStale(): boolean {
    return !this.#findings.isEmpty && this.#module?.isCurrent === false;
  }

  /** What others see that import it. */
  imported(path: string): WorkspaceModule {
    this.#imported ??= { path, text: this.#text.content };
    return this.#imported;
  }

  findings(options: LintOptions): readonly Finding[] {
    if (this.isStale) this.#findings.forget();
    return this.#findings.of(options, this.#observed(this.#text.content), () => this.module.lint(options));
  }

  change(changes: readonly TextDocumentContentChangeEvent[], version: number): void {
    this.#findings.forget();
    this.#imported = null;
    try {
      const edits = changes.map((change) => this.#text.change(change, version));
      this.#module?.edit(edits);
    } catch (error) {
      // Some of the changes may be in the text but not in the module.
      this.#forget();
      throw error;
    }
  }

  close(): void {
    this.closed = true;
    this.#findings.forget();
    this.#forget();
  }

  place(range: TextRange): Place {
    return { uri: this.uri, version: this.version, range: this.#text.positions.range(range) };
  }

  offsets(range: Range): TextRange {
    return this.#text.positions.offsets(range);
  }

  moduleLine(line: number): number {
    return line;
  }

  #forget(): void {
    const module = this.#module;
    this.#module = null;
    module?.dispose();
  }
}
