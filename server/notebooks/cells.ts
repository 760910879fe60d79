/** The code cells of a notebook as one text: each cell without its magics, and a line end after it. */
import type { TextEdit, TextRange } from "../analysis/index.ts";
import { type PlainCell, withoutMagics } from "./magics.ts";

export interface Cell {
  readonly source: string;
  /** Where the cell starts in the joined text. */
  readonly start: number;
}

interface Part extends PlainCell {
  readonly source: string;
}

export class Cells {
  #parts: Part[];
  #starts: number[] = [];
  #text = "";

  constructor(sources: readonly string[]) {
    this.#parts = sources.map(partOf);
    this.#join();
  }

  get text(): string {
    return this.#text;
  }

  get all(): readonly Cell[] {
    return this.#parts.map(({ source }, index) => ({ source, start: this.#starts[index]! }));
  }

  /** The cell at `offset`; the line end after a cell belongs to it. */
  at(offset: number): number {
    let [low, high] = [0, this.#starts.length - 1];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (this.#starts[middle]! <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  start(index: number): number {
    return this.#starts[index]!;
  }

  /** The index of the one cell that is what is asked for; null where there is none, or several. */
  only(is: (source: string, index: number) => boolean): number | null {
    const found = this.#parts.flatMap(({ source }, index) => (is(source, index) ? [index] : []));
    return found.length === 1 ? found[0]! : null;
  }

  /** From 0, of the joined text. */
  firstLine(index: number): number {
    return this.#text.slice(0, this.start(index)).split("\n").length - 1;
  }

  source(index: number): string {
    return this.#parts[index]!.source;
  }

  /** What people call a line of the joined text; cells count from 1, as notebook editors show them. */
  lineName(line: number): string {
    let left = line;
    for (const [index, { text }] of this.#parts.entries()) {
      const own = text.split("\n").length;
      if (left <= own) return `line ${left} of cell ${index + 1}`;
      left -= own;
    }
    return `line ${line}`;
  }

  /** Puts cells in the place of others; the one edit that makes the same change in the joined text. */
  replace(index: number, count: number, sources: readonly string[]): TextEdit {
    const before = this.#text;
    this.#parts.splice(index, count, ...sources.map(partOf));
    this.#join();
    return difference(before, this.#text);
  }

  /** What an edit of the joined text does to a cell; null where it is not in one alone, or touches a magic. */
  edit({ range, newText }: TextEdit): { readonly cell: number; readonly edit: TextEdit } | null {
    const cell = this.at(range.start);
    const part = this.#parts[cell];
    if (!part) return null;
    let start = range.start - this.start(cell);
    let end = range.end - this.start(cell);
    // A cell's last line goes with the line end before it: there is none after it.
    if (newText === "" && start < end && end === part.source.length + 1) {
      end -= 1;
      if (start > 0 && part.source[start - 1] === "\n") start -= part.source[start - 2] === "\r" ? 2 : 1;
    }
    if (end > part.source.length) return null;
    if (part.removed.some((magic) => magic.start < end && start < magic.end)) return null;
    return { cell, edit: { range: { start, end }, newText } };
  }

  #join(): void {
    let at = 0;
    this.#starts = this.#parts.map(({ text }) => {
      const start = at;
      at += text.length + 1;
      return start;
    });
    this.#text = this.#parts.map(({ text }) => `${text}\n`).join("");
  }
}

function partOf(source: string): Part {
  return { source, ...withoutMagics(source) };
}

function difference(before: string, after: string): TextEdit {
  const shortest = Math.min(before.length, after.length);
  let start = 0;
  while (start < shortest && before[start] === after[start]) start += 1;
  let same = 0;
  while (same < shortest - start && before.at(-1 - same) === after.at(-1 - same)) same += 1;
  const range: TextRange = { start, end: before.length - same };
  return { range, newText: after.slice(start, after.length - same) };
}
