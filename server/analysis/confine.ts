/** Keeps what is said of a text within it: an imported module has findings of its own, and is never edited from here. */
import type { Finding, TextRange } from "./finding.ts";

/** The finding without its places in other texts; none where it stands in one itself. */
export function confined(finding: Finding, text: string): Finding[] {
  const isHere = ({ range }: { range: TextRange }) => range.start >= 0 && range.end <= text.length;
  if (!isHere(finding)) return [];
  const { related, fix } = finding;
  if (related.every(isHere) && fix?.edits.every(isHere) !== false) return [finding];
  return [{ ...finding, related: related.filter(isHere), fix: fix?.edits.every(isHere) ? fix : null }];
}
