import type { Fix, RelatedPlace, TextRange } from "../analysis/index.ts";
import { type Place, type Places, placesOf, relatedPlaces } from "./places.ts";
import type { Report } from "./report.ts";

/** Ruff's JSON: one array, rows and columns from 1, columns in code points. */
export function reportJson({ files, rules }: Report): string {
  const titles = new Map(rules.map((rule) => [rule.name, rule]));
  const entries = files.flatMap((file) => {
    const { filename, findings } = file;
    const places = placesOf(file);
    return findings.map((finding) => ({
      cell: places.at(finding.range.start).cell,
      code: finding.rule,
      ...locations(finding.range, places),
      filename,
      fix: finding.fix && fixJson(finding.fix, places),
      message: finding.message,
      name: titles.get(finding.rule)?.title ?? finding.rule,
      related: finding.related.map((related) => relatedJson(related, relatedPlaces(related, places, filename))),
      severity: finding.severity,
      url: titles.get(finding.rule)?.url ?? null,
    }));
  });
  return `${JSON.stringify(entries, null, 2)}\n`;
}

function relatedJson(
  { range, message }: RelatedPlace,
  { places, filename }: { readonly places: Places; readonly filename: string },
) {
  const place = places.at(range.start);
  return { cell: place.cell, ...location(place), filename, message };
}

function fixJson({ applicability, title, edits }: Fix, places: Places) {
  return {
    applicability,
    edits: edits.map(({ range, newText }) => ({ content: newText, ...locations(range, places) })),
    message: title,
  };
}

function locations(range: TextRange, places: Places) {
  const { start, end } = places.span(range);
  return { location: location(start), end_location: location(end) };
}

const location = ({ row, column }: Place) => ({ row, column });
