/**
 * What the analyser says. Offsets count UTF-16 code units from the start of the text, which is what JavaScript strings,
 * the parser and LSP's default all count in; the command line converts to code points where it prints.
 */
import type { WorkspaceModule } from "./workspace.ts";

export interface TextRange {
  readonly start: number;
  readonly end: number;
}

export interface TextEdit {
  readonly range: TextRange;
  readonly newText: string;
}

export type Severity = "error" | "warning" | "information" | "hint";

/** In Ruff's sense: `safe` leaves training numerically unchanged; whatever changes what the optimizer receives is `unsafe`. */
export type Applicability = "safe" | "unsafe";

export interface Fix {
  readonly applicability: Applicability;
  /** Imperative, short: "Clip the gradients to a norm of 1.0". */
  readonly title: string;
  readonly edits: readonly TextEdit[];
}

export interface RelatedPlace {
  readonly range: TextRange;
  /** What the range counts in, where it isn't the linted text: a module that this imports. */
  readonly module?: WorkspaceModule;
  readonly message: string;
}

export interface Finding {
  /** The rule's name, kebab-case: `missing-clipping`. */
  readonly rule: string;
  readonly severity: Severity;
  readonly message: string;
  readonly range: TextRange;
  readonly related: readonly RelatedPlace[];
  readonly fix: Fix | null;
  readonly deprecated?: boolean;
  /** The recorded run that it rests on, and when that was. */
  readonly run?: { readonly id: string; readonly date: string };
  /** Shown faded where the editor can. */
  readonly unnecessary?: boolean;
}

export interface RuleInfo {
  readonly name: string;
  /** One line, no full stop: "Gradients reach the optimizer unclipped". */
  readonly title: string;
  readonly defaultSeverity: Severity;
  /** Reported only where a configuration names it. */
  readonly optIn: boolean;
  /** Markdown: what it finds, why it is bad, wrong and right example, fix safety, sources. */
  readonly documentation: string;
  /** The published page. */
  readonly url: string;
}
