/** Names of layers in little room, cut so that rows can still be told apart: `…17.self_attn.q_proj…`. */

/** A part of a name, which is one path of modules, and what stands before it. */
interface Part {
  readonly text: string;
  readonly separator: string;
}

/** Of `names`, each as it is where it `fits`, else as much of it as does. */
export function shortNames(names: readonly string[], fits: (text: string) => boolean): string[] {
  const paths = names.map(partsOf);
  const choices = choicesOf(paths);
  const short = names.map((name, i) => {
    if (fits(name)) return name;
    const parts = paths[i]!;
    const kept = tellingOf(parts, choices);
    // The end of a name says more than its beginning.
    while (!fits(joined(parts, kept)) && kept.filter(Boolean).length > 1) kept[kept.indexOf(true)] = false;
    const only = kept.indexOf(true);
    if (!fits(joined(parts, kept))) return cut(parts[only]!.text, [names[i - 1], names[i + 1]], only, fits);
    for (let depth = parts.length - 1; depth >= 0; depth--) {
      // What is left is filled from the end, and around what is there.
      if (kept[depth] || (!(kept[depth + 1] ?? true) && !kept[depth - 1])) continue;
      kept[depth] = true;
      if (!fits(joined(parts, kept))) kept[depth] = false;
    }
    return joined(parts, kept);
  });
  const owners = new Map<string, Set<string>>();
  for (const [i, text] of short.entries()) owners.set(text, (owners.get(text) ?? new Set()).add(names[i]!));
  const isAlike = (i: number) => owners.get(short[i]!)!.size > 1;
  // What the others have to tell them apart has a label already.
  const among = choicesOf(paths.filter((_, i) => isAlike(i)));
  return short.map((text, i) => (isAlike(i) ? (toldApart(paths[i]!, among, fits) ?? text) : text));
}

/** A part tells rows apart where others of them go on in another way; of one row alone it is the last. */
function tellingOf(parts: readonly Part[], choices: Choices): boolean[] {
  const telling = parts.map((_, depth) => choices.get(pathTo(parts, depth))!.size > 1);
  if (!telling.includes(true)) telling[telling.length - 1] = true;
  return telling;
}

/** `blocks.0.mlp.weight`, and Keras's `blocks/0/mlp/kernel`. */
const partsOf = (name: string): Part[] =>
  [...name.matchAll(/([./]?)([^./]*)/g)]
    .map(([, separator, text]) => ({ separator: separator!, text: text! }))
    .filter(({ separator, text }, i) => separator !== "" || text !== "" || i === 0);

const pathTo = (parts: readonly Part[], depth: number): string =>
  parts
    .slice(0, depth)
    .map(({ text }) => text)
    .join("/");

/** How names go on after each path; one that ends there goes on with nothing. */
type Choices = ReadonlyMap<string, ReadonlySet<string | null>>;

function choicesOf(paths: readonly (readonly Part[])[]): Choices {
  const choices = new Map<string, Set<string | null>>();
  for (const parts of paths)
    for (let depth = 0; depth <= parts.length; depth++) {
      const path = pathTo(parts, depth);
      const known = choices.get(path) ?? new Set();
      choices.set(path, known.add(parts[depth]?.text ?? null));
    }
  return choices;
}

/** The parts that are kept, and a mark in the place of others beside each other. */
function joined(parts: readonly Part[], kept: readonly boolean[]): string {
  let text = "";
  for (const [i, part] of parts.entries()) {
    if (kept[i]) text += (kept[i - 1] ? part.separator : "") + part.text;
    else if (i === 0 || kept[i - 1]) text += "…";
  }
  return text;
}

/** A part that is too long by itself: from where it differs from that of the rows beside it. */
function cut(
  part: string,
  beside: readonly (string | undefined)[],
  depth: number,
  fits: (text: string) => boolean,
): string {
  const shared = Math.max(
    ...beside.map((name) => sharedWith(part, name === undefined ? "" : (partsOf(name)[depth]?.text ?? ""))),
  );
  const own = part.slice(shared);
  if (fits(`…${own}`)) {
    let start = 1;
    while (start < shared && !fits(`…${part.slice(start)}`)) start++;
    return `…${part.slice(start)}`;
  }
  const [before, characters] = [shared > 0 ? "…" : "", [...own]];
  while (characters.length > 1 && !fits(`${before}${characters.join("")}…`)) characters.pop();
  return `${before}${characters.join("")}…`;
}

/** Characters that both begin with, in whole words and numbers. */
function sharedWith(part: string, other: string): number {
  let same = 0;
  while (same < part.length && part[same] === other[same]) same++;
  if (same === part.length) return 0;
  while (same > 0 && /[\p{L}\p{N}]/u.test(part[same - 1]!)) same--;
  return same;
}

/**
 * All parts that tell a row from others, each as little of it as does: `…0…_v`, `…0.at…we…`. null where not even that fits. Of what
 * room is left, each part gets as much.
 */
function toldApart(parts: readonly Part[], choices: Choices, fits: (text: string) => boolean): string | null {
  const telling = tellingOf(parts, choices);
  const least = parts.map(({ text }, depth) => {
    if (!telling[depth]) return null;
    const others = [...choices.get(pathTo(parts, depth))!].filter(
      (other) => other !== null && other !== text,
    ) as string[];
    const [end, start] = [ending, beginning].map((piece) => {
      let length = 1;
      while (length < text.length && others.some((other) => piece(other, length) === piece(text, length))) length++;
      return length;
    }) as [number, number];
    return start <= end ? { piece: beginning, length: start } : { piece: ending, length: end };
  });
  const withMore = (more: number): string => {
    let text = "";
    let isWhole = true;
    for (const [depth, part] of parts.entries()) {
      const own = least[depth];
      const shown = own?.piece(part.text, own.length + more) ?? "";
      const isAll = shown.length === part.text.length;
      if (own) text += (isWhole && (isAll || own.piece === beginning) ? part.separator : "…") + shown;
      isWhole = own != null && (isAll || own.piece === ending);
    }
    return isWhole ? text : `${text}…`;
  };
  if (!fits(withMore(0))) return null;
  const longest = Math.max(...parts.map(({ text }) => text.length));
  let more = 0;
  while (more < longest && fits(withMore(more + 1))) more++;
  return withMore(more);
}

/** So many characters of a part, or more: a number is whole. */
function ending(part: string, length: number): string {
  let start = Math.max(0, part.length - length);
  while (start > 0 && /\d\d/.test(part.slice(start - 1, start + 1))) start--;
  return part.slice(start);
}

function beginning(part: string, length: number): string {
  let end = Math.min(part.length, length);
  while (end < part.length && /\d\d/.test(part.slice(end - 1, end + 1))) end++;
  return part.slice(0, end);
}
