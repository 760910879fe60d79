/** Where a key of a TOML document stands. The parser says so only of what it can't parse. */

const HEADER = /^\s*\[\[?\s*(.+?)\s*\]\]?\s*(?:#.*)?$/;
const PART = String.raw`(?:[\w-]+|"(?:[^"\\]|\\.)*"|'[^']*')`;
const KEY = new RegExp(String.raw`^\s*(${PART}(?:\s*\.\s*${PART})*)\s*=`);

/**
 * The line (from 1) that sets `keys`, or that names `entry` in its value. A key within an inline table is found in what
 * follows the table's own; what can't be found stands where the nearest table above it does.
 */
export function lineOf(text: string, keys: readonly string[], entry?: string): number {
  const lines = text.split("\n");
  let header: string[] = [];
  let best = { line: 0, depth: 0 };
  for (const [line, content] of lines.entries()) {
    const table = HEADER.exec(content)?.[1];
    if (table !== undefined && isKey(table)) header = parts(table);
    const key = KEY.exec(content)?.[1];
    const path = key === undefined ? header : [...header, ...parts(key)];
    if (path.length > best.depth && path.length <= keys.length && path.every((part, i) => part === keys[i]))
      best = { line, depth: path.length };
  }
  const wanted = [...keys.slice(best.depth), ...(entry === undefined ? [] : [entry])];
  for (const word of wanted) {
    const found = lines.findIndex((content, line) => line >= best.line && content.includes(word));
    if (found >= 0) best = { line: found, depth: best.depth };
  }
  return best.line + 1;
}

const isKey = (text: string) => KEY.test(`${text} =`);

function parts(key: string): string[] {
  return [...key.matchAll(new RegExp(PART, "g"))].map(([part]) => (/^["']/.test(part) ? part.slice(1, -1) : part));
}
