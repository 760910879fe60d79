import type { TextEdit } from "../analysis/index.ts";
import { applyEdits, inOrder } from "../text/edits.ts";
import type { Paint } from "./colour.ts";
import type { Report } from "./report.ts";

const CONTEXT = 3;

/** Old lines [from, to) become `lines`; all lines keep their ends. */
interface LineChange {
  readonly from: number;
  readonly to: number;
  readonly lines: readonly string[];
}

/** What `--fix` would change: for scripts as `patch` and `git apply` read it, for a notebook cell by cell. */
export function reportDiff({ files }: Report, paint: Paint): string {
  return files
    .flatMap(({ name, fixes }) => {
      const { text, cells } = fixes.before;
      if (!cells) return [unifiedDiff(name, text, fixes.edits, paint)];
      return cells.map(({ index, start, source }) => {
        const own = fixes.edits.filter(({ range }) => start <= range.start && range.start <= start + source.length);
        return unifiedDiff(`${name}:cell ${index}`, source, moved(own, -start), paint);
      });
    })
    .join("");
}

function moved(edits: readonly TextEdit[], by: number): TextEdit[] {
  return edits.map(({ range, newText }) => ({ range: { start: range.start + by, end: range.end + by }, newText }));
}

/** Empty where nothing changes. */
function unifiedDiff(name: string, before: string, edits: readonly TextEdit[], paint: Paint): string {
  const old = splitLines(before);
  const changes = lineChanges(before, old, edits);
  if (changes.length === 0) return "";
  const output = [paint("bold", `--- ${name}`), paint("bold", `+++ ${name}`)];
  let shift = 0;
  for (const hunk of hunks(changes)) {
    const from = Math.max(0, hunk[0]!.from - CONTEXT);
    const to = Math.min(old.length, hunk.at(-1)!.to + CONTEXT);
    const body: string[] = [];
    let at = from;
    for (const change of hunk) {
      body.push(...old.slice(at, change.from).map((line) => ` ${line}`));
      body.push(...old.slice(change.from, change.to).map((line) => `-${line}`));
      body.push(...change.lines.map((line) => `+${line}`));
      at = change.to;
    }
    body.push(...old.slice(at, to).map((line) => ` ${line}`));
    const grown = hunk.reduce((sum, change) => sum + change.lines.length - (change.to - change.from), 0);
    output.push(paint("cyan", `@@ -${span(from, to - from)} +${span(from + shift, to - from + grown)} @@`));
    shift += grown;
    output.push(...body.map((line) => paintLine(line, paint)));
  }
  return `${output.join("\n")}\n`;
}

/** Only `\n` ends a line of a diff; a `\r` before it is part of the line. */
function splitLines(text: string): string[] {
  const lines = text.split(/(?<=\n)/);
  return lines.at(-1) === "" ? lines.slice(0, -1) : lines;
}

function lineChanges(before: string, old: readonly string[], edits: readonly TextEdit[]): LineChange[] {
  const starts = [0];
  for (const line of old) starts.push(starts.at(-1)! + line.length);
  const lineOf = (offset: number) => starts.findLastIndex((start) => start <= offset);

  // Edits that touch the same lines make one change.
  const groups: { from: number; to: number; edits: TextEdit[] }[] = [];
  for (const edit of inOrder(edits)) {
    const from = Math.min(lineOf(edit.range.start), Math.max(0, old.length - 1));
    const to = Math.min(old.length, lineOf(edit.range.end) + 1);
    const last = groups.at(-1);
    if (last && from < last.to) {
      last.to = Math.max(last.to, to);
      last.edits.push(edit);
    } else groups.push({ from, to, edits: [edit] });
  }
  return groups.flatMap(({ from, to, edits: own }) => {
    const base = starts[from]!;
    const text = before.slice(base, starts[to]);
    return trim({ from, to, lines: splitLines(applyEdits(text, moved(own, -base))) }, old);
  });
}

/** Leaves out the lines at either end that stay as they are. */
function trim({ from, to, lines }: LineChange, old: readonly string[]): LineChange[] {
  let [start, end, first, last] = [from, to, 0, lines.length];
  while (start < end && first < last && old[start] === lines[first]) {
    start++;
    first++;
  }
  while (start < end && first < last && old[end - 1] === lines[last - 1]) {
    end--;
    last--;
  }
  return start === end && first === last ? [] : [{ from: start, to: end, lines: lines.slice(first, last) }];
}

/** Changes whose contexts touch go into one hunk. */
function hunks(changes: readonly LineChange[]): LineChange[][] {
  const result: LineChange[][] = [];
  for (const change of changes) {
    const last = result.at(-1)?.at(-1);
    if (last && change.from - last.to <= 2 * CONTEXT) result.at(-1)!.push(change);
    else result.push([change]);
  }
  return result;
}

function span(from: number, count: number): string {
  // An empty span names the line before it.
  return `${count === 0 ? from : from + 1},${count}`;
}

function paintLine(line: string, paint: Paint): string {
  const ended = line.endsWith("\n");
  const text = ended ? line.slice(0, -1) : line;
  const painted = line[0] === "+" ? paint("green", text) : line[0] === "-" ? paint("red", text) : text;
  return ended ? painted : `${painted}\n\\ No newline at end of file`;
}
