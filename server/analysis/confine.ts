/** Keeps what is said of a text within it: an imported module has findings of its own, and is never edited from here. */
import type { Finding, Fix, RelatedPlace, TextRange } from "./finding.ts";
import type { Reported } from "./rules/rule.ts";
import type { Importer } from "./workspace.ts";

/** What a rule reports, with its places in other texts counted there; nothing where it stands in one itself. */
export function confined(
  { fix, ...said }: Reported & Pick<Finding, "rule">,
  text: string,
  importer: Pick<Importer, "moduleAt"> | null,
): Finding[] {
  const isHere = ({ range }: { range: TextRange }) => range.start >= 0 && range.end <= text.length;
  if (!isHere(said)) return [];
  const related = said.related.every(isHere)
    ? said.related
    : said.related.flatMap((place) => (isHere(place) ? [place] : elsewhere(place, importer)));
  const within = (given: Fix | null) => (given?.edits.every(isHere) ? given : null);
  if (typeof fix !== "function") return [{ ...said, related, fix: within(fix) }];
  let known: Fix | null | undefined;
  return [
    {
      ...said,
      related,
      get fix() {
        if (known === undefined) known = within(fix());
        return known;
      },
    },
  ];
}

function elsewhere({ range, message }: RelatedPlace, importer: Pick<Importer, "moduleAt"> | null): RelatedPlace[] {
  const found = importer?.moduleAt(range.start);
  if (!found) return [];
  const { path, text, base } = found;
  return [{ range: { start: range.start - base, end: range.end - base }, message, module: { path, text } }];
}
