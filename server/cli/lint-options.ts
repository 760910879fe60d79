import type { RuleInfo, Severity } from "../analysis/index.ts";
import type { Override } from "../configuration/file-rules.ts";
import { choice, parseOptions, ruleNamed, UsageError } from "./usage.ts";

export const FORMATS = ["text", "json", "sarif", "github", "gitlab"] as const;
export type Format = (typeof FORMATS)[number];

export interface LintArguments {
  /** `-` is standard input. */
  readonly paths: readonly string[];
  readonly format: Format;
  readonly fix: boolean;
  readonly unsafeFixes: boolean;
  readonly diff: boolean;
  readonly statistics: boolean;
  /** How many threads; null: as many as are worth it. */
  readonly jobs: number | null;
  readonly exitZero: boolean;
  readonly outputFile: string | null;
  readonly watch: boolean;
  /** The file of findings that are known and not to be reported. */
  readonly baseline: string | null;
  readonly writeBaseline: boolean;
  readonly stdinFilename: string | null;
  /** null: show all, count warnings and errors. */
  readonly minSeverity: Severity | null;
  /** The one configuration file to use; null: the nearest of each file. */
  readonly config: string | null;
  readonly isolated: boolean;
  readonly forceExclude: boolean;
  readonly override: Override;
}

/** Most severe first. */
export const SEVERITIES: readonly Severity[] = ["error", "warning", "information", "hint"];

export const atLeast = (severity: Severity, least: Severity): boolean =>
  SEVERITIES.indexOf(severity) <= SEVERITIES.indexOf(least);

export function parseLintArguments(args: string[], rules: readonly RuleInfo[]): LintArguments {
  const { values, positionals } = parseOptions(args, {
    format: { type: "string", default: "text" },
    fix: { type: "boolean", default: false },
    "unsafe-fixes": { type: "boolean", default: false },
    diff: { type: "boolean", default: false },
    select: { type: "string", multiple: true },
    ignore: { type: "string", multiple: true },
    config: { type: "string" },
    isolated: { type: "boolean", default: false },
    "force-exclude": { type: "boolean", default: false },
    "min-severity": { type: "string" },
    statistics: { type: "boolean", default: false },
    jobs: { type: "string" },
    "exit-zero": { type: "boolean", default: false },
    "output-file": { type: "string" },
    watch: { type: "boolean", default: false },
    baseline: { type: "string" },
    "write-baseline": { type: "boolean", default: false },
    "stdin-filename": { type: "string" },
  });
  const paths = positionals.length > 0 ? positionals : ["."];
  const stdin = paths.includes("-");
  if (stdin && paths.length > 1) throw new UsageError("- (standard input) can't be linted together with other paths");
  if (values["stdin-filename"] !== undefined && !stdin) throw new UsageError("--stdin-filename: needs the path -");
  if (values.isolated && values.config !== undefined) throw new UsageError("--isolated and --config: choose one");
  if (values.watch && (stdin || values["write-baseline"]))
    throw new UsageError("--watch: can be used with neither standard input nor --write-baseline");
  if (values["write-baseline"] && values.baseline === undefined)
    throw new UsageError("--write-baseline: name the file with --baseline FILE");
  if (values["write-baseline"] && (stdin || values.diff))
    throw new UsageError("--write-baseline: can be used with neither --diff nor standard input");
  if (values.diff && values.statistics) throw new UsageError("--diff and --statistics: choose one");
  const format = choice(values.format, "--format", FORMATS);
  if (values.diff && format !== "text") throw new UsageError("--diff has its own format: leave out --format");
  if (values.statistics && format !== "text" && format !== "json")
    throw new UsageError("--statistics: has the formats text and json only");
  return {
    paths,
    format,
    fix: values.fix && !values.diff, // as in Ruff, where --diff keeps --fix from writing
    unsafeFixes: values["unsafe-fixes"],
    diff: values.diff,
    statistics: values.statistics,
    jobs: values.jobs === undefined ? null : jobsOf(values.jobs),
    exitZero: values["exit-zero"],
    outputFile: values["output-file"] ?? null,
    watch: values.watch,
    baseline: values.baseline ?? null,
    writeBaseline: values["write-baseline"],
    stdinFilename: values["stdin-filename"] ?? null,
    minSeverity:
      values["min-severity"] === undefined ? null : choice(values["min-severity"], "--min-severity", SEVERITIES),
    config: values.config ?? null,
    isolated: values.isolated,
    forceExclude: values["force-exclude"],
    override: {
      select: values.select ? named(values.select, rules) : null,
      ignore: named(values.ignore ?? [], rules),
    },
  };
}

function jobsOf(value: string): number | null {
  if (value === "auto") return null;
  if (/^[1-9]\d{0,2}$/.test(value)) return Number(value);
  throw new UsageError(`--jobs: "${value}" is neither a number from 1 to 999 nor auto`);
}

/** The rules in lists such as `a,b`. */
function named(lists: readonly string[], rules: readonly RuleInfo[]): ReadonlySet<string> {
  const names = lists.flatMap((list) => list.split(",")).map((name) => name.trim());
  return new Set(names.filter((name) => name !== "").map((name) => ruleNamed(name, rules).name));
}
