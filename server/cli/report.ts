import type { Finding, RuleInfo, Severity, TextEdit } from "../analysis/index.ts";
import { atLeast } from "./lint-options.ts";
import type { SubjectText } from "./subject.ts";

/** What there is to say of one file. Its text and cells are what the findings count in: with `--fix`, the fixed ones. */
export interface FileReport extends SubjectText {
  /** Absolute, or as given for standard input. */
  readonly filename: string;
  /** Relative to the current folder, for people. */
  readonly name: string;
  readonly findings: readonly Finding[];
  /** What `--fix` applied, or `--diff` would. */
  readonly fixes: { readonly before: SubjectText; readonly edits: readonly TextEdit[]; readonly count: number };
}

export interface Problem {
  readonly path: string;
  readonly message: string;
}

export interface Report {
  readonly files: readonly FileReport[];
  /** The files that were looked at, those without a finding included. */
  readonly linted: readonly string[];
  readonly rules: readonly RuleInfo[];
  /** What could not be read. */
  readonly problems: readonly Problem[];
  /** How many findings were left out because a baseline knows them. */
  readonly baselined: number;
}

/** Without `--min-severity`, information and hints are shown but not counted. */
export const DEFAULT_COUNTED: Severity = "warning";

export function counted({ files }: Report, minSeverity: Severity | null): number {
  const least = minSeverity ?? DEFAULT_COUNTED;
  return files.flatMap(({ findings }) => findings).filter(({ severity }) => atLeast(severity, least)).length;
}
