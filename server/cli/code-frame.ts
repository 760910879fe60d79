import type { Finding, TextRange, WorkspaceModule } from "../analysis/index.ts";
import { Positions } from "../text/positions.ts";
import type { Paint } from "./colour.ts";
import { shortName } from "./examine.ts";
import type { Sheet, SheetAt } from "./places.ts";

interface Mark {
  readonly range: TextRange;
  readonly sign: "^" | "-";
  readonly label: string;
  readonly module?: WorkspaceModule | undefined;
}

/** Lines without a mark between two marks are left out beyond this many. */
const GAP = 3;
const MAX_WIDTH = 160;

/**
 * The lines around a finding, it underlined with `^`, the places related to it with `-` and what they are. What stands in
 * another cell of a notebook, or another file, comes after it, under the cell's number or the file's name.
 */
export function codeFrame({ range, related }: Finding, sheetAt: SheetAt, paint: Paint): string[] {
  const marks = new Map<Sheet, Mark[]>();
  const modules = new Map<string, Sheet>();
  const moduleSheet = ({ path, text }: WorkspaceModule) => {
    const sheet = modules.get(path) ?? { path, cell: null, start: 0, positions: Positions.of(text, "utf-32") };
    modules.set(path, sheet);
    return sheet;
  };
  const add = (mark: Mark) => {
    const sheet = mark.module ? moduleSheet(mark.module) : sheetAt(mark.range.start);
    const { start, end } = mark.range;
    const within = { ...mark, range: { start: start - sheet.start, end: end - sheet.start } };
    marks.set(sheet, [...(marks.get(sheet) ?? []), within]);
  };
  add({ range, sign: "^", label: "" });
  for (const { range, message, module } of related) add({ range, sign: "-", label: message, module });

  const own = sheetAt(range.start);
  const rows = new Map([...marks].map(([sheet, list]) => [sheet, rowsOf(sheet, list, sheet === own)]));
  const width = String(Math.max(...[...rows.values()].map((list) => list.at(-1)! + 1))).length;
  const gutter = (content: string) => paint("cyan", `${content.padStart(width)} |`);
  return [
    gutter(""),
    ...[...marks].flatMap(([sheet, list]) => [
      ...(sheet === own ? [] : [`${gutter("")} in ${nameOf(sheet)}:`]),
      ...sheetLines(sheet.positions, list, rows.get(sheet)!, { width, gutter, paint }),
      gutter(""),
    ]),
  ];
}

const nameOf = ({ path, cell }: Sheet) => (path === undefined ? `cell ${cell}` : visible(shortName(path)));

/** The lines to show, in order: those with a mark, and for the finding itself the ones beside it. */
function rowsOf({ positions }: Sheet, marks: readonly Mark[], around: boolean): number[] {
  const marked = new Set(marks.map(({ range }) => positions.positionAt(range.start).line));
  const finding = marks.find(({ sign }) => sign === "^");
  const own = finding && around ? positions.positionAt(finding.range.start).line : null;
  return [...new Set([...marked, ...(own === null ? [] : [own - 1, own + 1])])]
    .filter((line) => line >= 0 && line < positions.document.lineCount)
    .filter((line) => marked.has(line) || positions.line(line).trim() !== "")
    .sort((a, b) => a - b);
}

interface Style {
  readonly width: number;
  readonly gutter: (content: string) => string;
  readonly paint: Paint;
}

function sheetLines(
  positions: Positions,
  marks: readonly Mark[],
  rows: readonly number[],
  { width, gutter, paint }: Style,
): string[] {
  const lines: string[] = [];
  let previous: number | null = null;
  for (const row of rows) {
    if (previous !== null && row - previous > GAP) lines.push(paint("cyan", `${" ".repeat(width)} …`));
    else if (previous !== null)
      for (let between = previous + 1; between < row; between++) lines.push(sourceLine(between));
    lines.push(sourceLine(row));
    const own = marks.filter(({ range }) => positions.positionAt(range.start).line === row);
    for (const mark of own.sort((a, b) => a.range.start - b.range.start))
      lines.push(`${gutter("")} ${underline(mark, row)}`);
    previous = row;
  }
  return lines;

  function sourceLine(row: number): string {
    const text = visible(positions.line(row));
    return `${gutter(String(row + 1))} ${text.length > MAX_WIDTH ? `${text.slice(0, MAX_WIDTH)}…` : text}`.trimEnd();
  }

  function underline({ range: { start, end }, sign, label }: Mark, row: number): string {
    const line = positions.line(row);
    const lineStart = positions.document.offsetAt({ line: row, character: 0 });
    const before = cells(visible(line.slice(0, start - lineStart)));
    // What goes on over several lines is underlined to the end of its first.
    const marked = cells(visible(line.slice(start - lineStart, Math.max(end - lineStart, 0))));
    const style = sign === "^" ? "red" : "blue";
    return `${" ".repeat(before)}${paint(style, `${sign.repeat(Math.max(1, marked))}${label && ` ${label}`}`)}`;
  }
}

/** Tabs as four columns; control and direction characters, which could steer the terminal, as pictures of themselves. */
export function visible(text: string): string {
  return text.replaceAll("\t", "    ").replace(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, (character) => {
    const code = character.codePointAt(0)!;
    if (code < 0x20) return String.fromCodePoint(0x2400 + code);
    return code === 0x7f ? "\u2421" : "\ufffd";
  });
}

const ZERO_WIDTH = /^[\p{Mn}\p{Me}\p{Cf}]$/u;
const DOUBLE_WIDTH =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]$/u;

/** How many columns of a terminal a text takes. */
function cells(text: string): number {
  let count = 0;
  for (const character of text) count += ZERO_WIDTH.test(character) ? 0 : DOUBLE_WIDTH.test(character) ? 2 : 1;
  return count;
}
