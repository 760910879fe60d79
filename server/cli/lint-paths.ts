import { resolve } from "node:path";
import type { Analyser } from "../analysis/index.ts";
import { discover } from "./discover.ts";
import { shortName } from "./examine.ts";
import { lintFile, type Outcome, type Task } from "./lint-file.ts";
import type { LintArguments } from "./lint-options.ts";
import { Progress } from "./progress.ts";
import type { FileReport, Problem, Report } from "./report.ts";
import type { Settings } from "./settings.ts";
import { lintInThreads, threadsFor } from "./workers.ts";

/** Lints files and folders. What can't be read is told on standard error, and the rest is linted. */
export async function lintPaths(options: LintArguments, settings: Settings, analyser: Analyser): Promise<Report> {
  const { files, problems: notFound } = await discover(options.paths, settings);
  const named = new Set(options.paths.map((path) => resolve(path)));
  const tasks: Task[] = [];
  for (const path of files) tasks.push({ path, lint: await settings.of(path), named: named.has(path) });
  if (files.length === 0 && notFound.length === 0)
    process.stderr.write("gradsight: no Python files or notebooks in the paths given\n");

  const outcomes = await lintAll(tasks, options, analyser);
  const reports: FileReport[] = [];
  const problems: Problem[] = [...notFound];
  for (const [index, outcome] of outcomes.entries()) {
    if (outcome && "report" in outcome) reports.push(outcome.report);
    else if (outcome) problems.push({ path: tasks[index]!.path, message: outcome.problem });
  }
  for (const { path, message } of problems) process.stderr.write(`gradsight: ${shortName(path)}: ${message}\n`);
  return { files: reports, linted: files, rules: analyser.rules, problems, baselined: 0 };
}

async function lintAll(tasks: readonly Task[], options: LintArguments, analyser: Analyser): Promise<Outcome[]> {
  const progress = new Progress(tasks.length);
  const { fix, unsafeFixes, diff, minSeverity } = options;
  // What one file's fixes write, others may import.
  const threads = options.fix ? 1 : threadsFor(tasks.length, options.jobs);
  try {
    if (threads > 1)
      return await lintInThreads(tasks, threads, { fix, unsafeFixes, diff, minSeverity }, (count) =>
        progress.at(count),
      );
    const outcomes: Outcome[] = [];
    for (const task of tasks) {
      progress.at(outcomes.length);
      outcomes.push(await lintFile(task, options, analyser));
    }
    return outcomes;
  } finally {
    progress.clear();
  }
}
