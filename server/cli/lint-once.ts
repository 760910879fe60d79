import type { Analyser } from "../analysis/index.ts";
import { SourceError, writeAtomically } from "../files/source.ts";
import { Baseline } from "./baseline.ts";
import { paintFor, plain } from "./colour.ts";
import { EXIT } from "./exit.ts";
import type { LintArguments } from "./lint-options.ts";
import { lintPaths } from "./lint-paths.ts";
import { lintStdin } from "./lint-stdin.ts";
import { render } from "./render.ts";
import { counted, type Report } from "./report.ts";
import type { Settings } from "./settings.ts";

/** Lints, prints, and gives the exit code. */
export async function lintOnce(
  options: LintArguments,
  settings: Settings,
  analyser: Analyser,
  print = (text: string): unknown => process.stdout.write(text),
): Promise<number> {
  const stdin = options.paths.includes("-");
  const baseline = options.baseline === null ? null : await Baseline.read(options.baseline, options.writeBaseline);
  const found = await (stdin ? lintStdin : lintPaths)(options, settings, analyser);
  if (baseline && options.writeBaseline) {
    const known = await baseline.write(found);
    process.stderr.write(`gradsight: ${options.baseline} knows ${known} finding${known === 1 ? "" : "s"} now\n`);
    return found.problems.length > 0 ? EXIT.error : EXIT.clean;
  }
  const report = baseline ? withoutKnown(found, baseline, options) : found;
  const text = render(report, options, options.outputFile === null ? paintFor(process.stdout) : plain);
  if (options.outputFile !== null) await writeReport(options.outputFile, text);
  // Standard output took the fixed source then.
  else if (stdin && options.fix) process.stderr.write(text);
  else print(text);
  return exitCode(report, options);
}

function withoutKnown(found: Report, baseline: Baseline, { minSeverity, override }: LintArguments): Report {
  const { report, gone } = baseline.without(found);
  // What was not asked for can't be missed.
  if (gone > 0 && minSeverity === null && !override.select)
    process.stderr.write(
      `gradsight: ${gone} of the findings that the baseline knows ${gone === 1 ? "is" : "are"} gone; see --write-baseline\n`,
    );
  return report;
}

function exitCode(report: Report, { exitZero, diff, minSeverity }: LintArguments): number {
  if (report.problems.length > 0) return EXIT.error;
  if (exitZero) return EXIT.clean;
  const left = diff ? report.files.reduce((sum, { fixes }) => sum + fixes.count, 0) : counted(report, minSeverity);
  return left > 0 ? EXIT.findings : EXIT.clean;
}

async function writeReport(path: string, text: string): Promise<void> {
  try {
    await writeAtomically(path, Buffer.from(text));
  } catch (error) {
    throw new SourceError(`--output-file ${path}: ${(error as Error).message}`);
  }
}
