/**
 * Offsets in a text (UTF-16 code units, which all of the analyser counts in) to lines and columns and back, in whichever
 * unit the other side counts: LSP clients negotiate one, people on a command line count code points ("utf-32").
 */
import { type Position, type Range, TextDocument } from "vscode-languageserver-textdocument";
import type { TextEdit, TextRange } from "../analysis/finding.ts";

export type PositionEncoding = "utf-8" | "utf-16" | "utf-32";

export interface EncodedEdit {
  range: Range;
  newText: string;
}

/** Finds lines in a text that may change, and counts columns in `encoding`. Lines end at `\n`, `\r\n` or `\r`, as in LSP. */
export class Positions {
  readonly document: TextDocument;
  readonly encoding: PositionEncoding;

  constructor(document: TextDocument, encoding: PositionEncoding) {
    this.document = document;
    this.encoding = encoding;
  }

  static of(text: string, encoding: PositionEncoding): Positions {
    return new Positions(TextDocument.create("", "python", 0, text), encoding);
  }

  positionAt(offset: number): Position {
    const { line, character } = this.document.positionAt(offset);
    if (this.encoding === "utf-16") return { line, character };
    return { line, character: unitsBefore(this.line(line), character, this.encoding) };
  }

  /**
   * A column past the end of the line means the end of the line; one inside a character, the start of that character.
   * @throws {RangeError} when line or column is not a whole number
   */
  offsetAt({ line, character }: Position): number {
    if (!Number.isSafeInteger(line) || !Number.isSafeInteger(character)) throw new RangeError("not a position");
    if (line < 0) return 0;
    if (this.encoding === "utf-16") return this.document.offsetAt({ line, character: Math.max(0, character) });
    return this.document.offsetAt({ line, character: indexOfUnit(this.line(line), character, this.encoding) });
  }

  range({ start, end }: TextRange): Range {
    return { start: this.positionAt(start), end: this.positionAt(end) };
  }

  offsets({ start, end }: Range): TextRange {
    const [a, b] = [this.offsetAt(start), this.offsetAt(end)];
    return a <= b ? { start: a, end: b } : { start: b, end: a };
  }

  edit({ range, newText }: TextEdit): EncodedEdit {
    return { range: this.range(range), newText };
  }

  /** The text of a line, without its end. */
  line(line: number): string {
    return this.document.getText(this.document.getLineRange(line));
  }
}

/** How many units of `encoding` the first `index` UTF-16 code units of `line` make. */
function unitsBefore(line: string, index: number, encoding: PositionEncoding): number {
  let units = 0;
  for (let i = 0; i < index && i < line.length; ) {
    const codePoint = line.codePointAt(i)!;
    units += unitsOf(codePoint, encoding);
    i += codePoint > 0xffff ? 2 : 1;
  }
  return units;
}

/** The UTF-16 index of the character that holds the `unit`th unit of `line`. */
function indexOfUnit(line: string, unit: number, encoding: PositionEncoding): number {
  let units = 0;
  let i = 0;
  while (i < line.length) {
    const codePoint = line.codePointAt(i)!;
    units += unitsOf(codePoint, encoding);
    if (units > unit) break;
    i += codePoint > 0xffff ? 2 : 1;
  }
  return i;
}

function unitsOf(codePoint: number, encoding: PositionEncoding): number {
  switch (encoding) {
    case "utf-8":
      return codePoint < 0x80 ? 1 : codePoint < 0x800 ? 2 : codePoint < 0x10000 ? 3 : 4;
    case "utf-16":
      return codePoint > 0xffff ? 2 : 1;
    case "utf-32":
      return 1;
  }
}
