import type { Paint } from "./colour.ts";
import type { Format, LintArguments } from "./lint-options.ts";
import type { Report } from "./report.ts";
import { reportDiff } from "./report-diff.ts";
import { reportGithub } from "./report-github.ts";
import { reportGitlab } from "./report-gitlab.ts";
import { reportJson } from "./report-json.ts";
import { reportSarif } from "./report-sarif.ts";
import { reportStatistics } from "./report-statistics.ts";
import { reportText } from "./report-text.ts";

const FOR_PROGRAMS: Record<Exclude<Format, "text">, (report: Report) => string> = {
  json: reportJson,
  sarif: reportSarif,
  github: reportGithub,
  gitlab: reportGitlab,
};

/** What `gradsight lint` prints. */
export function render(report: Report, options: LintArguments, paint: Paint): string {
  const { diff, statistics, format, fix } = options;
  if (diff) return reportDiff(report, paint);
  if (statistics) return reportStatistics(report, format === "json" ? "json" : "text");
  return format === "text" ? reportText(report, fix, paint) : FOR_PROGRAMS[format](report);
}
