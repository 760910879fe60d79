/** For the tests: the analyser with its grammar read from disk, and edits applied to a text. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import {
  type Applicability,
  type Finding,
  type LintOptions,
  loadAnalyser,
  type TextEdit,
} from "../../server/analysis/index.ts";
import { collecting } from "./collect.ts";

const require = createRequire(import.meta.url);
export const grammarBytes = {
  runtime: readFileSync(require.resolve("web-tree-sitter/web-tree-sitter.wasm")),
  python: readFileSync(require.resolve("tree-sitter-python/tree-sitter-python.wasm")),
};
export const analyser = collecting(await loadAnalyser(grammarBytes));

export function lint(text: string, options?: LintOptions): readonly Finding[] {
  const module = analyser.open(text);
  try {
    return module.lint(options);
  } finally {
    module.dispose();
  }
}

export const rulesFound = (text: string, options?: LintOptions) => lint(text, options).map((finding) => finding.rule);

export function apply(text: string, edits: readonly TextEdit[]): string {
  return [...edits]
    .sort((a, b) => b.range.start - a.range.start)
    .reduce((now, { range, newText }) => now.slice(0, range.start) + newText + now.slice(range.end), text);
}

export function fixAll(text: string, applicability: Applicability = "unsafe", options?: LintOptions): string {
  const module = analyser.open(text);
  try {
    return apply(text, module.fixAll(applicability, options).edits);
  } finally {
    module.dispose();
  }
}

export function parses(text: string): boolean {
  return !analyser.hasSyntaxErrors(text);
}

/** The line (1-based) of each finding above a hint, as `line:rule`. */
export function places(text: string): string[] {
  const findings = lint(text).filter(({ severity }) => severity !== "hint");
  return findings.map(({ rule, range }) => `${text.slice(0, range.start).split("\n").length}:${rule}`);
}
