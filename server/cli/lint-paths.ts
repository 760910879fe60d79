import { extname, resolve } from "node:path";
import type { Analyser } from "../analysis/index.ts";
import { isConfig } from "../files/kind.ts";
import { encodeSource, readSource, SourceError, writeAtomically } from "../files/source.ts";
import { discover } from "./discover.ts";
import { examine, shortName } from "./examine.ts";
import type { LintArguments } from "./lint-options.ts";
import { Progress } from "./progress.ts";
import type { FileReport, Problem, Report } from "./report.ts";
import type { Settings } from "./settings.ts";

/** Lints files and folders. What can't be read is told on standard error at once, and the rest is linted. */
export async function lintPaths(options: LintArguments, settings: Settings, analyser: Analyser): Promise<Report> {
  const { files, problems: notFound } = await discover(options.paths, settings);
  const named = new Set(options.paths.map((path) => resolve(path)));
  const reports: FileReport[] = [];
  const problems: Problem[] = [];
  const progress = new Progress(files.length);
  const complain = (problem: Problem) => {
    progress.clear();
    problems.push(problem);
    process.stderr.write(`gradsight: ${shortName(problem.path)}: ${problem.message}\n`);
  };
  for (const problem of notFound) complain(problem);
  if (files.length === 0 && problems.length === 0)
    process.stderr.write("gradsight: no Python files in the paths given\n");
  for (const [index, path] of files.entries()) {
    progress.at(index);
    try {
      const report = await lintFile(path, options, settings, analyser);
      if (report.findings.length > 0 || report.fixes.count > 0) reports.push(report);
    } catch (error) {
      // A search comes across data of all kinds.
      if (isConfig(path) && !named.has(path)) continue;
      const expected = error instanceof SourceError;
      complain({ path, message: (expected ? null : (error as Error).stack) ?? (error as Error).message });
    }
  }
  progress.clear();
  return { files: reports, linted: files, rules: analyser.rules, problems, baselined: 0 };
}

async function lintFile(path: string, options: LintArguments, settings: Settings, analyser: Analyser) {
  if (extname(path) === ".ipynb") throw new SourceError("notebooks can't be linted yet");
  const source = await readSource(path);
  const report = examine(source.text, path, await settings.of(path), options, analyser);
  if (options.fix && report.fixes.count > 0)
    await writeAtomically(path, encodeSource({ ...source, text: report.text }));
  return report;
}
