/**
 * What IPython understands and Python doesn't, taken out of a cell without moving anything:
 * https://ipython.readthedocs.io/en/stable/interactive/magics.html
 */
import type { TextRange } from "../analysis/index.ts";

export interface PlainCell {
  /** As long as the cell, its lines where they were. */
  readonly text: string;
  /** What was taken out, in order. */
  readonly removed: readonly TextRange[];
}

/** Cell magics that run the cell as it is. All others may do anything with it: write it to a file, hand it to a shell. */
const RUNS_CELL = new Set(["capture", "debug", "memit", "prun", "time", "timeit", "wandb"]);
const CELL_MAGIC = /(?:[ \t]*\r?\n)*%%(\S*)/y;

const ESCAPES = "%!?/,;";
/** Line magics that run the rest of the line, where that is one simple statement. */
const RUNS_LINE =
  /%(?:time|timeit)(?:[ \t]+-[a-z]+[ \t]*\d*)*[ \t]+(?!(?:async|class|def|for|if|try|while|with)\b)(?=\S)/y;
const ASSIGNED = /(?<![=!<>:+\-*/%&|^@])=[ \t]*(?=!(?!=)|%[A-Za-z_])/y;
const HELP = /\?{1,2}[ \t]*(?=\r?$)/my;

export function withoutMagics(source: string): PlainCell {
  const removed: (TextRange & { readonly filler: string })[] = [];
  const remove = (start: number, end: number, filler = "") => removed.push({ start, end, filler });

  let at = 0;
  const magic = match(CELL_MAGIC, source, 0);
  if (magic !== null) {
    const name = source.slice(0, magic).trim().slice(2);
    at = RUNS_CELL.has(name) ? lineEnd(source, magic) : source.length;
    remove(0, at);
  }
  while (at < source.length) at = afterStatement(source, at, remove);

  let text = "";
  let position = 0;
  for (const { start, end, filler } of removed) {
    const space = source.slice(start + filler.length, end).replace(/[^\r\n]/g, " ");
    text += source.slice(position, start) + filler + space;
    position = end;
  }
  return { text: text + source.slice(position), removed };
}

/** Reads the statement on the line that starts at `from`; returns where the next line starts. */
function afterStatement(
  source: string,
  from: number,
  remove: (start: number, end: number, filler?: string) => void,
): number {
  const start = match(/[ \t\f]*/y, source, from) ?? from;
  // What may be the only statement of a block stays a statement.
  const statement = start === from ? "" : "0";
  let at = start;
  if (ESCAPES.includes(source[start] ?? "\n")) {
    const code = match(RUNS_LINE, source, start);
    if (code === null) {
      const end = continuedEnd(source, start);
      remove(start, end, statement);
      return end + 1;
    }
    remove(start, code, `0${" ".repeat(code - start - 2)};`);
    at = code;
  }
  for (let depth = 0; at < source.length; ) {
    const character = source[at]!;
    if (character === '"' || character === "'") at = stringEnd(source, at);
    else if (character === "#") at = lineEnd(source, at);
    else if (character === "\\") at += source.startsWith("\r\n", at + 1) ? 3 : 2;
    else if (character === "\n" && depth <= 0) return at + 1;
    else if (character === "?" && match(HELP, source, at) !== null) {
      const end = lineEnd(source, at);
      remove(start, end, statement);
      return end + 1;
    } else if (character === "=" && depth <= 0) {
      const value = match(ASSIGNED, source, at);
      if (value === null) at += 1;
      else {
        const code = match(RUNS_LINE, source, value);
        at = code ?? continuedEnd(source, value);
        remove(value, at, code === null ? "_" : "");
      }
    } else {
      if ("([{".includes(character)) depth += 1;
      else if (")]}".includes(character)) depth -= 1;
      at += 1;
    }
  }
  return at;
}

/** Where `pattern` ends that matches at `at`; null where it doesn't. */
function match(pattern: RegExp, source: string, at: number): number | null {
  pattern.lastIndex = at;
  return pattern.test(source) ? pattern.lastIndex : null;
}

function lineEnd(source: string, from: number): number {
  const end = source.indexOf("\n", from);
  if (end === -1) return source.length;
  return source[end - 1] === "\r" && end > from ? end - 1 : end;
}

/** The end of a line that backslashes may continue. */
function continuedEnd(source: string, from: number): number {
  let end = lineEnd(source, from);
  while (source[end - 1] === "\\" && end < source.length) end = lineEnd(source, source.indexOf("\n", end) + 1);
  return end;
}

function stringEnd(source: string, start: number): number {
  const quote = source[start]!;
  const triple = quote.repeat(3);
  const long = source.startsWith(triple, start);
  for (let at = start + (long ? 3 : 1); at < source.length; at++) {
    if (source[at] === "\\") at += 1;
    else if (long ? source.startsWith(triple, at) : source[at] === quote) return at + (long ? 3 : 1);
    else if (source[at] === "\n" && !long) return at;
  }
  return source.length;
}
