import { isAbsolute, relative } from "node:path";
import type { Analyser, LintOptions } from "../analysis/index.ts";
import { isConfig } from "../files/kind.ts";
import { applyEdits } from "../text/edits.ts";
import { atLeast, type LintArguments } from "./lint-options.ts";
import type { FileReport } from "./report.ts";
import { originOf } from "./workspace.ts";

/** What of the command line changes what there is to say of a file. */
export type ExamineOptions = Pick<LintArguments, "fix" | "unsafeFixes" | "diff" | "minSeverity">;

/** Lints one text, and works out its fixes where they are asked for. Writes nothing. */
export function examine(
  text: string,
  filename: string,
  lint: LintOptions,
  options: ExamineOptions,
  analyser: Analyser,
): FileReport {
  const module = isConfig(filename) ? analyser.openConfig(text) : analyser.open(text, originOf(filename));
  try {
    const applicability = options.unsafeFixes ? "unsafe" : "safe";
    const fixes = options.fix || options.diff ? module.fixAll(applicability, lint) : { edits: [], count: 0 };
    const fixed = options.fix && fixes.count > 0 ? applyEdits(text, fixes.edits) : text;
    if (fixed !== text) module.edit([{ range: { start: 0, end: text.length }, newText: fixed }]);
    const findings = module.lint(lint).filter(({ severity }) => atLeast(severity, options.minSeverity ?? "hint"));
    return { filename, name: shortName(filename), text: fixed, findings, fixes: { before: text, ...fixes } };
  } finally {
    module.dispose();
  }
}

/** Relative to the current folder where it lies in it. */
export function shortName(path: string): string {
  if (!isAbsolute(path)) return path;
  const short = relative(process.cwd(), path);
  return short === "" || short.startsWith("..") ? path : short;
}
