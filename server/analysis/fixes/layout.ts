/** Puts statements beside others, in the indentation, line endings and one-line style that stand there. */
import type { TextEdit } from "../finding.ts";
import { rangeOf, type Statement } from "../syntax/ast.ts";

export const newlineOf = (text: string) => (text.includes("\r\n") ? "\r\n" : "\n");

const lineStartOf = (text: string, offset: number) => text.lastIndexOf("\n", offset - 1) + 1;

/** The end of the line, before its line ending. */
export function lineEndOf(text: string, offset: number): number {
  const end = text.indexOf("\n", offset);
  if (end === -1) return text.length;
  return text[end - 1] === "\r" && end > offset ? end - 1 : end;
}

/** What one level of indentation looks like in this file. */
export function indentUnit(text: string): string {
  const found = /\n([ \t]+)\S/.exec(text)?.[1];
  return found?.startsWith("\t") ? "\t" : found && found.length <= 8 ? found : "    ";
}

/** Lines to write; one that is an object is a block of its own. */
export type Line = string | { readonly head: string; readonly body: readonly string[] };

function render(lines: readonly Line[], indent: string, text: string): string[] {
  const unit = indentUnit(text);
  return lines.flatMap((line) =>
    typeof line === "string"
      ? [indent + line]
      : [indent + line.head, ...line.body.map((inner) => indent + unit + inner)],
  );
}

/** Null where nothing can be put there: the statement shares its line with a header and the lines need a block. */
export function insertBefore(text: string, statement: Statement, lines: readonly Line[]): TextEdit | null {
  const { start } = rangeOf(statement);
  const lineStart = lineStartOf(text, start);
  const indent = text.slice(lineStart, start);
  if (/^(elif|while)\b/.test(text.slice(start, start + 6))) return null;
  if (/^\uFEFF?[ \t]*$/.test(indent)) {
    const plain = indent.replace("\uFEFF", "");
    const written = render(lines, plain, text).join(newlineOf(text)).slice(plain.length);
    return { range: { start, end: start }, newText: written + newlineOf(text) + plain };
  }
  if (lines.some((line) => typeof line !== "string") || isCompound(statement)) return null;
  return { range: { start, end: start }, newText: `${lines.join("; ")}; ` };
}

export function insertAfter(text: string, statement: Statement, lines: readonly Line[]): TextEdit | null {
  const { start, end } = rangeOf(statement);
  if (isCompound(statement)) return null;
  const indent = text.slice(lineStartOf(text, start), start);
  const lineEnd = lineEndOf(text, end);
  if (/^\uFEFF?[ \t]*$/.test(indent) && /^[ \t]*(#.*)?$/.test(text.slice(end, lineEnd))) {
    const newline = newlineOf(text);
    return {
      range: { start: lineEnd, end: lineEnd },
      newText: newline + render(lines, indent.replace("\uFEFF", ""), text).join(newline),
    };
  }
  if (lines.some((line) => typeof line !== "string")) return null;
  return { range: { start: end, end }, newText: `; ${lines.join("; ")}` };
}

/** Takes a statement out, with its line where it has one to itself. Null where a block would be left empty. */
export function remove(text: string, statement: Statement): TextEdit | null {
  const { start, end } = rangeOf(statement);
  const lineStart = lineStartOf(text, start);
  const lineEnd = lineEndOf(text, end);
  const before = text.slice(lineStart, start);
  const after = text.slice(end, lineEnd);
  if (/^[ \t]*$/.test(before) && /^[ \t]*(#.*)?$/.test(after)) {
    const next = text.indexOf("\n", lineEnd);
    return { range: { start: lineStart, end: next === -1 ? lineEnd : next + 1 }, newText: "" };
  }
  const semicolon = /^[ \t]*;[ \t]*/.exec(after);
  if (semicolon) return { range: { start, end: end + semicolon[0].length }, newText: "" };
  return null;
}

/** The white space before a statement; null where something else stands before it on its line. */
export function indentOf(text: string, statement: Statement): string | null {
  const { start } = rangeOf(statement);
  const before = text.slice(lineStartOf(text, start), start).replace("\uFEFF", "");
  return /^[ \t]*$/.test(before) ? before : null;
}

/** A statement's text, without its own indentation, as it reads at another one. Null where strings would change with it. */
export function reindent(text: string, statement: Statement, to: string): string | null {
  const { start, end } = rangeOf(statement);
  const from = indentOf(text, statement);
  const written = text.slice(start, end);
  if (!written.includes("\n") || from === to) return written;
  if (from === null || /"""|'''|\\\r?\n/.test(written)) return null;
  return written.replaceAll(`\n${from}`, `\n${to}`);
}

export function isCompound(statement: Statement): boolean {
  return ["if", "for", "while", "with", "try", "match", "function", "class"].includes(statement.kind);
}
