/** Keeps what is said of a text within it: an imported module has findings of its own, and is never edited from here. */
import type { Finding, RelatedPlace, TextRange } from "./finding.ts";
import type { Importer } from "./workspace.ts";

/** The finding with its places in other texts counted there; none where it stands in one itself. */
export function confined(finding: Finding, text: string, importer: Pick<Importer, "moduleAt"> | null): Finding[] {
  const isHere = ({ range }: { range: TextRange }) => range.start >= 0 && range.end <= text.length;
  if (!isHere(finding)) return [];
  const { related, fix } = finding;
  if (related.every(isHere) && fix?.edits.every(isHere) !== false) return [finding];
  const placed = related.flatMap((place) => (isHere(place) ? [place] : elsewhere(place, importer)));
  return [{ ...finding, related: placed, fix: fix?.edits.every(isHere) ? fix : null }];
}

function elsewhere({ range, message }: RelatedPlace, importer: Pick<Importer, "moduleAt"> | null): RelatedPlace[] {
  const found = importer?.moduleAt(range.start);
  if (!found) return [];
  const { path, text, base } = found;
  return [{ range: { start: range.start - base, end: range.end - base }, message, module: { path, text } }];
}
