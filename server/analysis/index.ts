/**
 * The analyser: text in, findings out. Pure: no file, no clock, no LSP; it runs in the language server, in the command
 * line and in a browser worker alike.
 */

import { ConfigModule } from "./configs/config-module.ts";
import type { Applicability, Finding, RuleInfo, Severity, TextEdit, TextRange } from "./finding.ts";
import type { OtherKind } from "./frameworks/spelling.ts";
import { OpenModule } from "./module.ts";
import type { ObservedRun } from "./observed-run.ts";
import { documentationUrl, RULES } from "./rules/index.ts";
import { hasSyntaxErrors, loadGrammar } from "./syntax/document.ts";
import type { Origin, WorkspaceModule } from "./workspace.ts";

export type * from "./finding.ts";
export type { ObservedRun } from "./observed-run.ts";
export type { Origin, Workspace, WorkspaceModule } from "./workspace.ts";

export interface LintOptions {
  /** Severity by rule name; "off" silences it. Rules that are not named keep their own. */
  readonly severity?: Readonly<Record<string, Severity | "off">>;
  /** Rules asked for by name: turned on where they are off by default. To give one a severity does so too. */
  readonly selected?: ReadonlySet<string>;
}

export interface ThresholdRequest {
  readonly threshold: number;
  /** 0-based lines where the run saw the update and the clip; null where it did not. */
  readonly siteLine: number | null;
  readonly clipLine: number | null;
  /** What those lines are in, where it isn't this text but a module that it imports. */
  readonly within?: WorkspaceModule;
  /** What the run was given on the command line. */
  readonly args?: readonly string[];
  /** How to clip instead of by the global norm. Its number is a convention: `threshold`, which is a norm's, says nothing of it. */
  readonly kind?: OtherKind;
}

export type ThresholdEdit =
  | {
      readonly edits: readonly TextEdit[];
      readonly summary: string;
      readonly range: TextRange;
      /** What the edits count in, where it isn't this text: a module that it imports. */
      readonly module?: WorkspaceModule;
      /** The number serves something else than the clip, too, so that the user is to see it first. */
      readonly shared?: true;
    }
  /** Why the code can't be edited, and what the user can do instead; `unseen`: this text doesn't show the place at all. */
  | { readonly refused: string; readonly unseen?: true };

/** What people call a line, from 1, of a text: `line 12`, or `line 3 of cell 2` where the text is made of several. */
export type LineName = (line: number) => string;

/** One open text. Keeps its syntax tree between edits; `dispose` frees it. */
export interface Module {
  readonly text: string;
  /** Nothing has changed since the text was last looked at: neither itself, nor what it imports or runs with. */
  readonly isCurrent: boolean;
  /** Applies edits one after the other, each in the coordinates the previous one left (as LSP sends them). */
  edit(changes: readonly TextEdit[]): void;
  /** What recorded runs saw of the text, newest first. The same list again changes nothing. */
  observe(runs: readonly ObservedRun[]): void;
  lint(options?: LintOptions): readonly Finding[];
  /** All fixes up to `applicability` as one set of non-overlapping edits. Applying them and asking again gives none. */
  fixAll(
    applicability: Applicability,
    options?: LintOptions,
  ): { readonly edits: readonly TextEdit[]; readonly count: number };
  /** The edit that puts a threshold at an update site: changes the number where it comes from, or inserts the clip. */
  thresholdEdit(request: ThresholdRequest): ThresholdEdit;
  /** How else the gradients of an update on a line (from 0) can be clipped, each as the edits that do it. */
  otherClips(line: number): readonly { readonly title: string; readonly edits: readonly TextEdit[] }[];
  /** What there is to say about the update, clip, optimizer or logged step under `offset`, as Markdown; null where there is nothing. */
  hover(offset: number): { readonly range: TextRange; readonly markdown: string } | null;
  dispose(): void;
}

export interface Analyser {
  readonly rules: readonly RuleInfo[];
  /** `origin` lets calls be followed into the modules that the text imports. */
  open(text: string, origin?: Origin, lineName?: LineName): Module;
  /** A JSON or YAML file, which may configure a training. */
  openConfig(text: string): Module;
  hasSyntaxErrors(text: string): boolean;
}

/** Bytes of `web-tree-sitter.wasm` and `tree-sitter-python.wasm`; the caller reads them, since this folder does no I/O. */
export interface GrammarBytes {
  readonly runtime: Uint8Array;
  readonly python: Uint8Array;
}

export async function loadAnalyser(bytes: GrammarBytes): Promise<Analyser> {
  const grammar = await loadGrammar(bytes);
  const rules = RULES.map(({ name, title, defaultSeverity, optIn, documentation }) => ({
    name,
    title,
    defaultSeverity,
    optIn: optIn === true,
    documentation: documentation.trim(),
    url: documentationUrl(name),
  }));
  return {
    rules,
    open: (text, origin, lineName) => new OpenModule(grammar, text, origin, lineName),
    openConfig: (text) => new ConfigModule(text),
    hasSyntaxErrors: (text) => hasSyntaxErrors(grammar, text),
  };
}
