import type { TextRange } from "../analysis/index.ts";
import { Positions } from "../text/positions.ts";
import type { FileReport } from "./report.ts";

/** Rows and columns from 1, columns in code points, as people and the tools of CI count. */
export interface Place {
  /** Of a notebook, from 0 over all cells; rows count in it then. */
  readonly cell: number | null;
  readonly row: number;
  readonly column: number;
}

/** Where the offsets of a file stand; the only thing that formats know of lines and cells. */
export interface Places {
  at(offset: number): Place;
  span(range: TextRange): { readonly start: Place; readonly end: Place };
}

export function placesOf({ text }: Pick<FileReport, "text">): Places {
  const positions = Positions.of(text, "utf-32");
  const at = (offset: number): Place => {
    const { line, character } = positions.positionAt(offset);
    return { cell: null, row: line + 1, column: character + 1 };
  };
  return { at, span: ({ start, end }) => ({ start: at(start), end: at(end) }) };
}

/** The lines of a notebook's file are those of its JSON, so formats that know none but lines can name no place in it. */
export function lineSpan(places: Places, range: TextRange): { readonly start: Place; readonly end: Place } {
  const span = places.span(range);
  if (span.start.cell === null) return span;
  const top = { cell: null, row: 1, column: 1 };
  return { start: top, end: top };
}

/** The message, with the place in front of it where the format's own can't name it. */
export function messageWithin(places: Places, range: TextRange, message: string): string {
  const { cell, row, column } = places.at(range.start);
  return cell === null ? message : `cell ${cell}, ${row}:${column}: ${message}`;
}
