import { extname, isAbsolute, relative, resolve } from "node:path";
import { buffer } from "node:stream/consumers";
import type { Analyser, LintOptions } from "../analysis/index.ts";
import { decodeSource, encodeSource, readSource, type Source, SourceError, writeAtomically } from "../files/source.ts";
import { applyEdits } from "../text/edits.ts";
import { type Paint, paintFor, plain } from "./colour.ts";
import { discover, excluded } from "./discover.ts";
import { EXIT } from "./exit.ts";
import { atLeast, type LintArguments, parseLintArguments } from "./lint-options.ts";
import { Progress } from "./progress.ts";
import { counted, type FileReport, type Report } from "./report.ts";
import { unifiedDiff } from "./report-diff.ts";
import { reportJson } from "./report-json.ts";
import { reportStatistics } from "./report-statistics.ts";
import { reportText } from "./report-text.ts";
import { Settings } from "./settings.ts";

/** `gradsight lint` */
export async function lint(args: string[], analyser: Analyser): Promise<number> {
  const options = parseLintArguments(args, analyser.rules);
  const stdin = options.paths.includes("-");
  const { report, failed } = stdin ? await lintStdin(options, analyser) : await lintPaths(options, analyser);
  const text = render(report, options, options.outputFile === null ? paintFor(process.stdout) : plain);
  if (options.outputFile !== null) await writeReport(options.outputFile, text);
  // Standard output takes the fixed source then, as filters do.
  else if (stdin && options.fix) process.stderr.write(text);
  else process.stdout.write(text);
  if (failed) return EXIT.error;
  if (options.exitZero) return EXIT.clean;
  const left = options.diff
    ? report.files.reduce((sum, { fixes }) => sum + fixes.count, 0)
    : counted(report, options.minSeverity);
  return left > 0 ? EXIT.findings : EXIT.clean;
}

interface Outcome {
  readonly report: Report;
  readonly failed: boolean;
}

async function lintPaths(options: LintArguments, analyser: Analyser): Promise<Outcome> {
  const settings = settingsFor(options, analyser);
  const { files, problems } = await discover(options.paths, discovery(settings, options));
  const reports: FileReport[] = [];
  const progress = new Progress(files.length);
  let failed = false;
  const complain = (path: string, error: unknown) => {
    progress.clear();
    failed = true;
    const message = error instanceof SourceError || typeof error === "string" ? error : (error as Error).stack;
    process.stderr.write(`gradsight: ${shortName(path)}: ${message instanceof Error ? message.message : message}\n`);
  };
  for (const { path, message } of problems) complain(path, message);
  if (files.length === 0 && problems.length === 0)
    process.stderr.write("gradsight: no Python files in the paths given\n");
  for (const [index, path] of files.entries()) {
    progress.at(index);
    try {
      if (extname(path) === ".ipynb") throw new SourceError("notebooks can't be linted yet");
      const source = await readSource(path);
      const report = examine(source.text, path, await settings.of(path), options, analyser);
      if (options.fix && report.fixes.count > 0)
        await writeAtomically(path, encodeSource({ ...source, text: report.text }));
      if (report.findings.length > 0 || report.fixes.count > 0) reports.push(report);
    } catch (error) {
      complain(path, error);
    }
  }
  progress.clear();
  return { report: { files: reports, linted: files.length, rules: analyser.rules }, failed };
}

async function lintStdin(options: LintArguments, analyser: Analyser): Promise<Outcome> {
  const nothing = { files: [], linted: 0, rules: analyser.rules };
  const name = options.stdinFilename ?? "-";
  const settings = settingsFor(options, analyser);
  let source: Source;
  try {
    source = decodeSource(await buffer(process.stdin));
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    process.stderr.write(`gradsight: ${name}: ${error.message}\n`);
    return { report: nothing, failed: true };
  }
  const filename = name === "-" ? name : resolve(name);
  if (options.forceExclude && (await excluded(resolve(name), discovery(settings, options)))) {
    if (options.fix) process.stdout.write(encodeSource(source));
    return { report: nothing, failed: false };
  }
  const report = examine(source.text, filename, await settings.of(resolve(name)), options, analyser);
  if (options.fix) process.stdout.write(encodeSource({ ...source, text: report.text }));
  return { report: { ...nothing, files: [report], linted: 1 }, failed: false };
}

const settingsFor = (options: LintArguments, { rules }: Analyser) =>
  new Settings(
    options,
    rules.map(({ name }) => name),
  );

const discovery = (settings: Settings, { forceExclude }: LintArguments) => ({
  configurationIn: (folder: string) => settings.configurationIn(folder),
  forceExclude,
});

/** Lints one text, and works out its fixes where they are asked for. Writes nothing. */
function examine(
  text: string,
  filename: string,
  lint: LintOptions,
  options: LintArguments,
  analyser: Analyser,
): FileReport {
  const module = analyser.open(text);
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

function render(report: Report, options: LintArguments, paint: Paint): string {
  if (options.diff)
    return report.files.map(({ name, fixes }) => unifiedDiff(name, fixes.before, fixes.edits, paint)).join("");
  if (options.statistics) return reportStatistics(report, options.format);
  if (options.format === "json") return reportJson(report);
  return reportText(report, options.fix, paint);
}

async function writeReport(path: string, text: string): Promise<void> {
  try {
    await writeAtomically(path, Buffer.from(text));
  } catch (error) {
    throw new SourceError(`--output-file ${path}: ${(error as Error).message}`);
  }
}

/** Relative to the current folder where it lies in it. */
function shortName(path: string): string {
  if (!isAbsolute(path)) return path;
  const short = relative(process.cwd(), path);
  return short === "" || short.startsWith("..") ? path : short;
}
