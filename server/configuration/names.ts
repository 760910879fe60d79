/** Of the names that there are, those that a misspelt one was probably meant to be. */
export function nearest(name: string, names: readonly string[]): string[] {
  return names.filter((candidate) => candidate.includes(name) || distance(candidate, name) <= 3);
}

/** `there is no rule "x"; did you mean y?` */
export function unknown(what: string, name: string, names: readonly string[], otherwise: string): string {
  const near = nearest(name, names);
  return `there is no ${what} "${name}"; ${near.length > 0 ? `did you mean ${near.join(" or ")}?` : otherwise}`;
}

/** Levenshtein's. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next[j] = Math.min(next[j - 1]! + 1, row[j]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1));
    row = next;
  }
  return row[b.length]!;
}
