import type { Finding, Severity } from "../analysis/index.ts";
import { codeFrame, visible } from "./code-frame.ts";
import type { Paint } from "./colour.ts";
import { SEVERITIES } from "./lint-options.ts";
import { type SheetAt, sheetsOf } from "./places.ts";
import type { FileReport, Report } from "./report.ts";

const STYLE: Record<Severity, Parameters<Paint>[0]> = {
  error: ["bold", "red"],
  warning: ["bold", "yellow"],
  information: ["bold", "blue"],
  hint: ["bold", "gray"],
};

/** For people: `file:line:column: severity: message [rule]`, which editors and terminals make a link of, and the code. */
export function reportText(report: Report, applied: boolean, paint: Paint): string {
  const blocks = report.files.flatMap((file) => {
    const sheetAt = sheetsOf(file);
    return file.findings.map((finding) => block(finding, file, sheetAt, paint));
  });
  return `${[...blocks, summary(report, applied, paint)].join("\n\n")}\n`;
}

function block(finding: Finding, { name }: FileReport, sheetAt: SheetAt, paint: Paint): string {
  const { cell, start, positions } = sheetAt(finding.range.start);
  const { line, character } = positions.positionAt(finding.range.start - start);
  const file = cell === null ? visible(name) : `${visible(name)}:cell ${cell}`;
  const place = paint("bold", `${file}:${line + 1}:${character + 1}`);
  const severity = paint(STYLE[finding.severity], finding.severity);
  const lines = [`${place}: ${severity}: ${finding.message} ${paint("gray", `[${finding.rule}]`)}`];
  lines.push(...codeFrame(finding, sheetAt, paint));
  if (finding.fix) lines.push(`  fix (${finding.fix.applicability}): ${finding.fix.title}`);
  return lines.join("\n");
}

function summary({ files, linted, baselined }: Report, applied: boolean, paint: Paint): string {
  const findings = files.flatMap((file) => file.findings);
  const fixed = applied ? files.reduce((sum, { fixes }) => sum + fixes.count, 0) : 0;
  const lines = fixed > 0 ? [paint("green", `Fixed ${problems(fixed)}.`)] : [];
  const counted = linted.length === 1 ? "1 file" : `${linted.length} files`;
  const known = baselined > 0 ? [`Left out ${problems(baselined)} that the baseline knows.`] : [];
  if (linted.length === 0) return "Nothing was linted.";
  if (findings.length === 0) {
    lines.push(
      paint("green", `No ${known.length > 0 ? "new " : ""}problems${fixed > 0 ? " left" : ""} in ${counted}.`),
    );
    return [...lines, ...known].join("\n");
  }
  const bySeverity = SEVERITIES.map((severity) => ({ severity, count: countOf(findings, severity) }))
    .filter(({ count }) => count > 0)
    .map(({ severity, count }) => `${count} ${severity}${count > 1 && severity !== "information" ? "s" : ""}`);
  const withFindings = files.filter((file) => file.findings.length > 0).length;
  lines.push(
    `Found ${problems(findings.length)} (${bySeverity.join(", ")}) in ${withFindings} of ${counted}.`,
    ...known,
  );
  const safe = findings.filter(({ fix }) => fix?.applicability === "safe").length;
  const unsafe = findings.filter(({ fix }) => fix?.applicability === "unsafe").length;
  if (safe > 0) lines.push(`${safe} can be fixed with --fix.`);
  if (unsafe > 0)
    lines.push(
      `${unsafe}${safe > 0 ? " more" : ""} can be fixed with --fix --unsafe-fixes, which changes what the optimizer receives.`,
    );
  return lines.join("\n");
}

const problems = (count: number) => `${count} problem${count === 1 ? "" : "s"}`;

const countOf = (findings: readonly Finding[], severity: Severity) =>
  findings.filter((finding) => finding.severity === severity).length;
