import type { Fix, TextRange } from "../analysis/index.ts";
import { Positions } from "../text/positions.ts";
import type { Report } from "./report.ts";

interface Place {
  row: number;
  column: number;
}

/** Ruff's JSON: one array, rows and columns from 1, columns in code points. */
export function reportJson({ files, rules }: Report): string {
  const titles = new Map(rules.map((rule) => [rule.name, rule]));
  const entries = files.flatMap(({ filename, text, findings }) => {
    const positions = Positions.of(text, "utf-32");
    return findings.map((finding) => ({
      cell: null,
      code: finding.rule,
      ...places(finding.range, positions),
      filename,
      fix: finding.fix && fixJson(finding.fix, positions),
      message: finding.message,
      name: titles.get(finding.rule)?.title ?? finding.rule,
      related: finding.related.map(({ range, message }) => ({
        ...placeAt(range.start, positions),
        filename,
        message,
      })),
      severity: finding.severity,
      url: titles.get(finding.rule)?.url ?? null,
    }));
  });
  return `${JSON.stringify(entries, null, 2)}\n`;
}

function fixJson({ applicability, title, edits }: Fix, positions: Positions) {
  return {
    applicability,
    edits: edits.map(({ range, newText }) => ({ content: newText, ...places(range, positions) })),
    message: title,
  };
}

function places({ start, end }: TextRange, positions: Positions) {
  return { location: placeAt(start, positions), end_location: placeAt(end, positions) };
}

function placeAt(offset: number, positions: Positions): Place {
  const { line, character } = positions.positionAt(offset);
  return { row: line + 1, column: character + 1 };
}
