/** What is linted: a script or a configuration, which is its own text, or a notebook, whose cells are one. */
import type { Analyser, Module, TextEdit } from "../analysis/index.ts";
import { isConfig, isNotebook } from "../files/kind.ts";
import { SourceError } from "../files/source.ts";
import type { Cell } from "../notebooks/cells.ts";
import { Ipynb, NotebookError } from "../notebooks/ipynb.ts";
import { Notebook } from "../notebooks/notebook.ts";
import { applyEdits } from "../text/edits.ts";
import { originOf } from "./workspace.ts";

export interface SubjectText {
  /** What the offsets of findings count in. */
  readonly text: string;
  /** Those of a notebook that hold Python. */
  readonly cells: readonly NumberedCell[] | null;
}

export interface NumberedCell extends Cell {
  /** From 0 over all cells of the notebook. */
  readonly index: number;
}

export interface Subject extends SubjectText {
  /** What the file holds. */
  readonly content: string;
  lint: Module["lint"];
  fixAll: Module["fixAll"];
  edited(edits: readonly TextEdit[]): Subject;
  dispose(): void;
}

/** @throws {SourceError} when the name says notebook and the content is none */
export function openSubject(name: string, content: string, analyser: Analyser): Subject {
  if (isConfig(name)) return openText(content, analyser.openConfig);
  const open = (text: string) => analyser.open(text, originOf(name));
  return isNotebook(name) ? openNotebook(content, open) : openText(content, open);
}

type Open = (text: string) => Module;

function openText(text: string, open: Open): Subject {
  const module = open(text);
  return {
    text,
    cells: null,
    content: text,
    lint: (options) => module.lint(options),
    fixAll: (applicability, options) => module.fixAll(applicability, options),
    edited: (edits) => openText(applyEdits(text, edits), open),
    dispose: () => module.dispose(),
  };
}

function openNotebook(content: string, open: Open): Subject {
  const file = read(content);
  const notebook = new Notebook(
    file.cells.map(({ source }) => source),
    open,
  );
  return {
    text: notebook.text,
    cells: notebook.cells.all.map((cell, position) => ({ ...cell, index: file.cells[position]!.index })),
    content,
    lint: (options) => notebook.lint(options),
    fixAll: (applicability, options) => notebook.fixAll(applicability, options),
    edited: (edits) => {
      const sources = [...notebook.edited(edits)].map(([cell, source]) => [file.cells[cell]!.index, source] as const);
      return openNotebook(file.withSources(new Map(sources)), open);
    },
    dispose: () => notebook.dispose(),
  };
}

function read(content: string): Ipynb {
  try {
    return new Ipynb(content);
  } catch (error) {
    throw error instanceof NotebookError ? new SourceError(error.message) : error;
  }
}
