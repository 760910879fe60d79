/** Where the values of a JSON text stand, so that one can be replaced and the rest left as it was written. The text is valid. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export function rootOf(text: string): Span {
  return valueAt(text, 0);
}

/** The value of a member; as for `JSON.parse`, the last where a name is repeated. */
export function memberOf(text: string, object: Span, name: string): Span | null {
  let found: Span | null = null;
  for (let at = skipSpace(text, object.start + 1); text[at] !== "}"; ) {
    const key = valueAt(text, at);
    const value = valueAt(text, skipSpace(text, key.end) + 1);
    if (JSON.parse(text.slice(key.start, key.end)) === name) found = value;
    at = afterComma(text, value.end);
  }
  return found;
}

export function elementsOf(text: string, array: Span): Span[] {
  const found: Span[] = [];
  for (let at = skipSpace(text, array.start + 1); text[at] !== "]"; ) {
    const value = valueAt(text, at);
    found.push(value);
    at = afterComma(text, value.end);
  }
  return found;
}

function valueAt(text: string, from: number): Span {
  const start = skipSpace(text, from);
  const first = text[start];
  if (first === '"') return { start, end: stringEnd(text, start) };
  if (first === "{" || first === "[") return { start, end: bracketEnd(text, start) };
  const end = /[\s,\]}]|$/g;
  end.lastIndex = start;
  return { start, end: end.exec(text)?.index ?? text.length };
}

function bracketEnd(text: string, start: number): number {
  let depth = 0;
  for (let at = start; ; ) {
    const character = text[at];
    if (character === '"') {
      at = stringEnd(text, at);
      continue;
    }
    at += 1;
    if (character === "{" || character === "[") depth += 1;
    else if (character === "}" || character === "]") depth -= 1;
    if (depth === 0) return at;
  }
}

function stringEnd(text: string, start: number): number {
  for (let at = text.indexOf('"', start + 1); ; at = text.indexOf('"', at + 1)) {
    let backslashes = 0;
    while (text[at - 1 - backslashes] === "\\") backslashes += 1;
    if (backslashes % 2 === 0) return at + 1;
  }
}

function afterComma(text: string, end: number): number {
  const at = skipSpace(text, end);
  return text[at] === "," ? skipSpace(text, at + 1) : at;
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (" \t\r\n".includes(text[at] ?? "x")) at += 1;
  return at;
}
