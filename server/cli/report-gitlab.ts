import type { Severity } from "../analysis/index.ts";
import { fingerprints, pathFrom } from "./fingerprint.ts";
import { lineSpan, messageWithin, type Place, placesOf } from "./places.ts";
import type { Report } from "./report.ts";

const SEVERITY: Record<Severity, string> = {
  error: "critical",
  warning: "major",
  information: "minor",
  hint: "info",
};

/** A Code Quality report: https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format */
export function reportGitlab({ files }: Report, root = process.env.CI_PROJECT_DIR ?? process.cwd()): string {
  const entries = files.flatMap((file) => {
    const places = placesOf(file);
    const path = pathFrom(root, file.filename);
    const digests = fingerprints(file, path);
    return file.findings.map(({ rule, severity, range, message }, index) => {
      const { start, end } = lineSpan(places, range);
      return {
        check_name: rule,
        description: messageWithin(places, range, message),
        fingerprint: digests[index],
        location: { path, positions: { begin: position(start), end: position(end) } },
        severity: SEVERITY[severity],
      };
    });
  });
  return `${JSON.stringify(entries, null, 2)}\n`;
}

const position = ({ row, column }: Place) => ({ line: row, column });
