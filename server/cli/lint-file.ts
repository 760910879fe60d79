import type { Analyser, LintOptions } from "../analysis/index.ts";
import { isConfig } from "../files/kind.ts";
import { encodeSource, readSource, SourceError, writeAtomically } from "../files/source.ts";
import { type ExamineOptions, examine } from "./examine.ts";
import type { FileReport } from "./report.ts";
import { forgetFiles } from "./workspace.ts";

/** A file to lint. */
export interface Task {
  readonly path: string;
  readonly lint: LintOptions;
  /** Named by the user, rather than found in a search. */
  readonly named: boolean;
}

/** What there is to say of it: null for nothing. */
export type Outcome = { readonly report: FileReport } | { readonly problem: string } | null;

/** Lints a file and, with `--fix`, writes it. Never rejects. */
export async function lintFile(
  { path, lint, named }: Task,
  options: ExamineOptions,
  analyser: Analyser,
): Promise<Outcome> {
  try {
    const source = await readSource(path);
    const { report, content } = examine(source.text, path, lint, options, analyser);
    if (options.fix && report.fixes.count > 0) {
      await writeAtomically(path, encodeSource({ ...source, text: content }));
      forgetFiles();
    }
    return report.findings.length > 0 || report.fixes.count > 0 ? { report } : null;
  } catch (error) {
    // A search comes across data of all kinds.
    if (isConfig(path) && !named) return null;
    const expected = error instanceof SourceError;
    return { problem: (expected ? null : (error as Error).stack) ?? (error as Error).message };
  }
}
