import { isAbsolute, relative } from "node:path";
import type { Analyser, LintOptions } from "../analysis/index.ts";
import { atLeast, type LintArguments } from "./lint-options.ts";
import type { FileReport } from "./report.ts";
import { openSubject, type Subject, type SubjectText } from "./subject.ts";

/** What of the command line changes what there is to say of a file. */
export type ExamineOptions = Pick<LintArguments, "fix" | "unsafeFixes" | "diff" | "minSeverity">;

export interface Examined {
  readonly report: FileReport;
  /** What the file holds when the fixes are applied. */
  readonly content: string;
}

/**
 * Lints what one file holds, and works out its fixes where they are asked for. Writes nothing.
 * @throws {SourceError} when it isn't what its name says
 */
export function examine(
  content: string,
  filename: string,
  lint: LintOptions,
  options: ExamineOptions,
  analyser: Analyser,
): Examined {
  const before = openSubject(filename, content, analyser);
  let after: Subject = before;
  try {
    const applicability = options.unsafeFixes ? "unsafe" : "safe";
    const fixes = options.fix || options.diff ? before.fixAll(applicability, lint) : { edits: [], count: 0 };
    if (options.fix && fixes.count > 0) after = before.edited(fixes.edits);
    const findings = after.lint(lint).filter(({ severity }) => atLeast(severity, options.minSeverity ?? "hint"));
    const report = {
      filename,
      name: shortName(filename),
      ...textOf(after),
      findings,
      fixes: { before: textOf(before), ...fixes },
    };
    return { report, content: after.content };
  } finally {
    before.dispose();
    if (after !== before) after.dispose();
  }
}

/** Plain data, which can cross threads. */
const textOf = ({ text, cells }: SubjectText): SubjectText => ({ text, cells });

/** Relative to the current folder where it lies in it. */
export function shortName(path: string): string {
  if (!isAbsolute(path)) return path;
  const short = relative(process.cwd(), path);
  return short === "" || short.startsWith("..") ? path : short;
}
