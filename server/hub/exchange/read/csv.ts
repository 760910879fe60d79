/** Tables of comma-separated values with a line of names, such as the `metrics.csv` of Lightning's CSVLogger. */
import { BadFile } from "../log-file.ts";
import type { LogFormat, Row } from "../log-format.ts";
import { ownRow } from "../own-columns.ts";
import { asStep, asTime, placeNames, STEP_NAMES } from "./step-columns.ts";

const SEPARATOR = ",";

export const csv: LogFormat = {
  id: "csv",
  title: "CSV",

  recognizes(name, head) {
    const text = head.toString();
    // Bytes that no text has are those of a table in a format of its own.
    if (text.includes("\0") || text.includes("\uFFFD") || text.trimStart().startsWith("{")) return false;
    return name.endsWith(".csv") || cells(text.split("\n", 1)[0]!).length > 1;
  },

  async *rows(file) {
    let table: Table | null = null;
    let number = 0;
    for await (const line of file.lines()) {
      number += 1;
      if (line.trim() === "") continue;
      const row = cells(number === 1 ? line.replace(/^\uFEFF/, "") : line);
      if (table === null) {
        const names = row.map((name) => name.trim());
        table = { names, ...placeNames(names) };
        if (table.step === undefined)
          throw new BadFile(`${file.name} has no column with the step. It is looked for as ${STEP_NAMES}.`);
        continue;
      }
      // A last line that was cut off, as a killed process leaves it.
      if (row.length < table.names.length && file.isAtEnd) return;
      if (row.length !== table.names.length)
        throw new BadFile(
          `Line ${number} of ${file.name} has ${row.length} cells, its first line has ${table.names.length}.`,
        );
      const read = rowOf(table, row);
      if (read) yield read;
    }
  },
};

interface Table {
  readonly names: readonly string[];
  readonly step: string | undefined;
  readonly time: string | undefined;
}

/** null where the step is missing. */
function rowOf({ names, step: stepName = "", time: timeName = "" }: Table, cells: readonly string[]): Row | null {
  const values: Record<string, number> = {};
  for (const [i, name] of names.entries()) {
    const value = numberOf(cells[i]!);
    if (value !== null) values[name] = value;
  }
  const step = asStep(values[stepName]);
  if (step === null) return null;
  const { rank, attempt } = values;
  const own = ownRow({ rank, attempt, series: cells[names.indexOf("series")] }, (flag) => values[flag] === 1);
  return { step, time: asTime(values[timeName]), values, ...(own && { own }) };
}

const NOT_FINITE: Record<string, number> = {
  nan: Number.NaN,
  inf: Number.POSITIVE_INFINITY,
  "-inf": Number.NEGATIVE_INFINITY,
  infinity: Number.POSITIVE_INFINITY,
  "-infinity": Number.NEGATIVE_INFINITY,
};

/** null for an empty cell, and for one that holds words. */
function numberOf(cell: string): number | null {
  if (cell === "") return null;
  // To JavaScript, blanks are 0.
  const number = Number(cell);
  if (Number.isFinite(number)) return number !== 0 || cell.trim() !== "" ? number : null;
  return NOT_FINITE[cell.trim().toLowerCase()] ?? null;
}

/** The cells of one line. A quoted cell may hold separators and doubled quotes, but no line's end: no number needs one. */
function cells(line: string): string[] {
  if (!line.includes('"')) return line.split(SEPARATOR);
  const found: string[] = [];
  const cell = /"((?:[^"]|"")*)"|[^,]*/y;
  for (let at = 0; at <= line.length; ) {
    cell.lastIndex = at;
    const [whole, quoted] = cell.exec(line)!;
    found.push(quoted === undefined ? whole : quoted.replaceAll('""', '"'));
    at += whole.length + SEPARATOR.length;
  }
  return found;
}
