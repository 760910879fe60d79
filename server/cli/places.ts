import type { RelatedPlace, TextRange } from "../analysis/index.ts";
import { Positions } from "../text/positions.ts";
import type { NumberedCell, SubjectText } from "./subject.ts";

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

/** A text with lines of its own: a script, or one cell of a notebook. */
export interface Sheet {
  /** Of a module that the linted file imports. */
  readonly path?: string;
  readonly cell: number | null;
  /** Where it starts, in what the offsets of findings count in. */
  readonly start: number;
  readonly positions: Positions;
}

/** The sheet that an offset is in. */
export type SheetAt = (offset: number) => Sheet;

export function sheetsOf({ text, cells }: SubjectText): SheetAt {
  if (!cells) {
    const script = { cell: null, start: 0, positions: Positions.of(text, "utf-32") };
    return () => script;
  }
  const known = new Map<NumberedCell | undefined, Sheet>();
  return (offset) => {
    const cell = cells.findLast(({ start }) => start <= offset);
    let sheet = known.get(cell);
    if (!sheet) {
      const { index = 0, start = 0, source = "" } = cell ?? {};
      sheet = { cell: index, start, positions: Positions.of(source, "utf-32") };
      known.set(cell, sheet);
    }
    return sheet;
  };
}

export function placesOf(file: SubjectText): Places {
  const sheetAt = sheetsOf(file);
  const at = (offset: number): Place => {
    const { cell, start, positions } = sheetAt(offset);
    const { line, character } = positions.positionAt(offset - start);
    return { cell, row: line + 1, column: character + 1 };
  };
  return { at, span: ({ start, end }) => ({ start: at(start), end: at(end) }) };
}

/** Where a place that is related to a finding stands, in the finding's own file or in a module that this imports. */
export function relatedPlaces({ module }: RelatedPlace, own: Places, filename: string) {
  if (!module) return { places: own, filename };
  return { places: placesOf({ text: module.text, cells: null }), filename: module.path };
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
