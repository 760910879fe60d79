import type { Severity } from "../analysis/index.ts";
import { lineSpan, messageWithin, placesOf } from "./places.ts";
import type { Report } from "./report.ts";

const COMMAND: Record<Severity, string> = { error: "error", warning: "warning", information: "notice", hint: "notice" };

/**
 * Workflow commands, of which GitHub Actions makes annotations:
 * https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
 */
export function reportGithub({ files }: Report): string {
  const lines = files.flatMap((file) => {
    const places = placesOf(file);
    return file.findings.map(({ rule, severity, range, message }) => {
      const { start, end } = lineSpan(places, range);
      const properties: Record<string, string | number> = {
        title: `Gradsight (${rule})`,
        file: file.filename,
        line: start.row,
        endLine: end.row,
        // Columns are for one line only.
        ...(start.row === end.row && { col: start.column, endColumn: end.column }),
      };
      const text = `${file.name}:${start.row}:${start.column}: ${messageWithin(places, range, message)} [${rule}]`;
      return `::${COMMAND[severity]} ${joined(properties)}::${escapeData(text)}\n`;
    });
  });
  return lines.join("");
}

const joined = (properties: Record<string, string | number>) =>
  Object.entries(properties)
    .map(([name, value]) => `${name}=${escapeProperty(String(value))}`)
    .join(",");

const escapeData = (text: string) => text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");

const escapeProperty = (text: string) => escapeData(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
