/** Notebook files (nbformat 3 and 4): their Python cells, and the file again with other sources, all else as it was written. */
import { elementsOf, memberOf, rootOf, type Span } from "./json-spans.ts";

/** The message is fit for users, after the file's name. */
export class NotebookError extends Error {}

export interface SourceCell {
  /** Among all cells of the notebook, from 0. */
  readonly index: number;
  readonly source: string;
}

type Json = Readonly<Record<string, unknown>>;

interface Located extends SourceCell {
  readonly span: Span;
}

export class Ipynb {
  /** The Python cells in their order; none where the notebook is in another language. */
  readonly cells: readonly SourceCell[];
  readonly #text: string;
  readonly #located: readonly Located[];

  /** @throws {NotebookError} when the text is no notebook */
  constructor(text: string) {
    this.#text = text;
    this.#located = pythonCells(text);
    this.cells = this.#located;
  }

  /** The file's text with new sources, by the cells' indexes; only their changed lines are written anew. */
  withSources(sources: ReadonlyMap<number, string>): string {
    let result = "";
    let position = 0;
    for (const { index, span, source } of this.#located) {
      const changed = sources.get(index);
      if (changed === undefined || changed === source) continue;
      result += this.#text.slice(position, span.start) + rewritten(this.#text, span, changed);
      position = span.end;
    }
    return result + this.#text.slice(position);
  }
}

function pythonCells(text: string): Located[] {
  const notebook = parse(text);
  const sheets = sheetsOf(text, notebook);
  if (!isPython(notebook)) return [];
  return sheets
    .flatMap(({ cells, span }) => {
      const spans = elementsOf(text, span);
      return cells.map((cell, position) => ({ cell, span: spans[position]! }));
    })
    .flatMap(({ cell, span }, index) => {
      if (!isObject(cell)) throw new NotebookError(`is no Jupyter notebook: its cell ${index} is no object`);
      if (cell.cell_type !== "code" || !isPythonCell(cell)) return [];
      const name = "input" in cell && !("source" in cell) ? "input" : "source";
      const at = memberOf(text, span, name);
      if (!at) throw new NotebookError(`is no Jupyter notebook: its cell ${index} has no source`);
      return [{ index, source: sourceText(cell[name], index), span: at }];
    });
}

function parse(text: string): Json {
  let notebook: unknown;
  try {
    notebook = JSON.parse(text);
  } catch (error) {
    throw new NotebookError(
      text.trim() === "" ? "is empty: no Jupyter notebook" : `is no Jupyter notebook: ${(error as Error).message}`,
    );
  }
  if (!isObject(notebook)) throw new NotebookError("is no Jupyter notebook: it is no JSON object");
  return notebook;
}

/** nbformat 4 has its cells at the top, 3 in worksheets. */
function sheetsOf(text: string, notebook: Json): { cells: readonly unknown[]; span: Span }[] {
  const root = rootOf(text);
  const { cells, worksheets } = notebook;
  const span = memberOf(text, root, "cells");
  if (Array.isArray(cells) && span) return [{ cells, span }];
  const sheets = memberOf(text, root, "worksheets");
  if (!Array.isArray(worksheets) || !sheets) throw new NotebookError('is no Jupyter notebook: it has no "cells"');
  const spans = elementsOf(text, sheets);
  return worksheets.flatMap((sheet: unknown, index) => {
    const own = isObject(sheet) ? sheet.cells : null;
    const at = Array.isArray(own) ? memberOf(text, spans[index]!, "cells") : null;
    return Array.isArray(own) && at ? [{ cells: own, span: at }] : [];
  });
}

/** A notebook that names no language is taken for Python, as most of those are. */
function isPython({ metadata }: Json): boolean {
  if (!isObject(metadata)) return true;
  const { kernelspec, language_info } = metadata;
  const name = isObject(language_info) ? language_info.name : null;
  const language = name ?? (isObject(kernelspec) ? kernelspec.language : null);
  return typeof language !== "string" || PYTHON.test(language);
}

/** What nbformat 3 and VS Code say of a single cell. */
function isPythonCell({ language, metadata }: Json): boolean {
  const vscode = isObject(metadata) ? metadata.vscode : null;
  const own = isObject(vscode) ? vscode.languageId : language;
  return typeof own !== "string" || PYTHON.test(own);
}

const PYTHON = /^i?python\d*$/i;

function sourceText(source: unknown, index: number): string {
  if (typeof source === "string") return source;
  if (Array.isArray(source) && source.every((line) => typeof line === "string")) return source.join("");
  throw new NotebookError(`is no Jupyter notebook: the source of its cell ${index} is no text`);
}

function rewritten(text: string, span: Span, source: string): string {
  const encode = encoderFor(text);
  if (text[span.start] === '"') return encode(source);
  const items = elementsOf(text, span);
  const [first, second] = items;
  const last = items.at(-1);
  if (!first || !last || source === "") return `[${linesOf(source).map(encode).join(", ")}]`;
  const lead = text.slice(span.start + 1, first.start);
  const separator = second ? text.slice(first.end, second.start) : `,${lead}`;
  const written = new Map(
    items.map((item) => text.slice(item.start, item.end)).map((raw) => [JSON.parse(raw) as string, raw]),
  );
  const lines = linesOf(source).map((line) => written.get(line) ?? encode(line));
  return `[${lead}${lines.join(separator)}${text.slice(last.end, span.end)}`;
}

/** Where Python's `str.splitlines` would split, as nbformat does. */
function linesOf(source: string): string[] {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: Python takes some of them for line ends
  const lines = source.split(/(?<=\r\n|\r(?!\n)|[\n\v\f\x1c-\x1e\x85\u2028\u2029])/);
  return lines.at(-1) === "" ? lines.slice(0, -1) : lines;
}

/** Some writers escape all that is not ASCII. */
function encoderFor(text: string): (line: string) => string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: ASCII has them
  if (/[^\x00-\x7f]/.test(text)) return JSON.stringify;
  return (line) =>
    JSON.stringify(line).replace(
      /[\x7f-\uffff]/g,
      (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
    );
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
