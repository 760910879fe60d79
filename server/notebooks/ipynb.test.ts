import { describe, expect, it } from "vitest";
import { Ipynb, NotebookError } from "./ipynb.ts";

const code = (source: unknown, more = {}) => ({ cell_type: "code", metadata: {}, source, outputs: [], ...more });
const markdown = { cell_type: "markdown", metadata: {}, source: ["# Title"] };
const notebook = (cells: unknown[], metadata: unknown = {}) => ({ cells, metadata, nbformat: 4, nbformat_minor: 5 });
const written = (value: unknown, indent: number | string = 1) => `${JSON.stringify(value, null, indent)}\n`;

describe("the cells of a notebook", () => {
  it("are its code cells, by their place among all", () => {
    const text = written(notebook([markdown, code(["a = 1\n", "b = 2"]), markdown, code("c = 3\n"), code([])]));
    expect(new Ipynb(text).cells).toMatchObject([
      { index: 1, source: "a = 1\nb = 2" },
      { index: 3, source: "c = 3\n" },
      { index: 4, source: "" },
    ]);
  });

  it("stand in worksheets in nbformat 3", () => {
    const old = (input: string) => ({ cell_type: "code", input: [input], language: "python", outputs: [] });
    const text = written({
      metadata: {},
      nbformat: 3,
      worksheets: [{ cells: [markdown, old("a = 1")] }, { cells: [old("b = 2")] }],
    });
    expect(new Ipynb(text).cells).toMatchObject([
      { index: 1, source: "a = 1" },
      { index: 2, source: "b = 2" },
    ]);
    expect(JSON.parse(new Ipynb(text).withSources(new Map([[2, "b = 3"]])))).toMatchObject({
      worksheets: [{}, { cells: [{ input: ["b = 3"] }] }],
    });
  });

  it("are those in Python", () => {
    const cells = (metadata: unknown) => new Ipynb(written(notebook([code("x = 1")], metadata))).cells.length;
    expect(cells({})).toBe(1);
    expect(cells({ language_info: { name: "python" } })).toBe(1);
    expect(cells({ kernelspec: { language: "python", name: "python3" } })).toBe(1);
    expect(cells({ language_info: { name: "R" } })).toBe(0);
    expect(cells({ kernelspec: { language: "julia", name: "julia-1.9" } })).toBe(0);
    const sql = code("SELECT 1", { metadata: { vscode: { languageId: "sql" } } });
    expect(new Ipynb(written(notebook([sql, code("x = 1")]))).cells).toMatchObject([{ index: 1 }]);
  });
});

describe("what is no notebook", () => {
  for (const [what, text, message] of [
    ["nothing", "", /^is empty/],
    ["what is no JSON", "{ cells: [] }", /^is no Jupyter notebook: .*JSON/],
    ["a conflict of a merge", '{\n<<<<<<< HEAD\n "cells": []\n}', /^is no Jupyter notebook: .*JSON/],
    ["a list", "[]", /no JSON object/],
    ["an object without cells", '{"nbformat": 4}', /no "cells"/],
    ["cells that are none", '{"cells": {}}', /no "cells"/],
    ["a cell that is none", '{"cells": [null]}', /cell 0 is no object/],
    ["a cell without source", '{"cells": [{"cell_type": "code"}]}', /cell 0 has no source/],
    ["a source of numbers", '{"cells": [{"cell_type": "code", "source": [1]}]}', /source of its cell 0 is no text/],
  ] as const)
    it(`is refused: ${what}`, () => {
      expect(() => new Ipynb(text)).toThrow(NotebookError);
      expect(() => new Ipynb(text)).toThrow(message);
    });
});

describe("a source put in the place of another", () => {
  const cells = [markdown, code(["a = 1\n", "b = 'é'\n", "c = 3"]), code("d = 4", { outputs: [{ text: ["1.0"] }] })];
  const layouts: Record<string, string> = {
    "one space": written(notebook(cells)),
    "two spaces": written(notebook(cells), 2),
    tabs: written(notebook(cells), "\t"),
    "no space at all": JSON.stringify(notebook(cells)),
    "no line end at the end": written(notebook(cells)).trimEnd(),
    "CRLF line ends": written(notebook(cells)).replaceAll("\n", "\r\n"),
    "escapes for all that is not ASCII": written(notebook(cells)).replaceAll("é", "\\u00e9"),
    "numbers that JavaScript would write otherwise": written(notebook(cells)).replace(
      '"nbformat": 4',
      '"x": 1.0, "nbformat": 4',
    ),
    "members in another order": written({ nbformat: 4, "2": 1, "1": 2, cells, metadata: { a: '}]\\"' } }),
  };
  for (const [what, text] of Object.entries(layouts))
    it(`keeps ${what}`, () => {
      const file = new Ipynb(text);
      expect(file.withSources(new Map([[1, "a = 1\nb = 'é'\nc = 3"]]))).toBe(text);
      const changed = file.withSources(new Map([[1, "a = 1\nb = 'é'\nc = 5"]]));
      expect(changed).toBe(text.replace("c = 3", "c = 5"));
      const longer = file.withSources(
        new Map([
          [2, "d = 4\ne = 'ü'"],
          [1, "a = 1\nx = 2\nb = 'é'\nc = 3"],
        ]),
      );
      expect(new Ipynb(longer).cells.map(({ source }) => source)).toEqual([
        "a = 1\nx = 2\nb = 'é'\nc = 3",
        "d = 4\ne = 'ü'",
      ]);
      expect(longer.includes("\\u00fc")).toBe(what.startsWith("escapes"));
    });

  it("changes no other line", () => {
    const text = layouts["one space"]!;
    const changed = new Ipynb(text).withSources(new Map([[1, "a = 1\nx = 2\nb = 'é'\nc = 3"]]));
    expect(changed.split("\n").filter((line) => !text.split("\n").includes(line))).toEqual(['    "x = 2\\n",']);
    const shorter = new Ipynb(text).withSources(new Map([[1, "a = 1"]]));
    expect(shorter.split("\n").filter((line) => !text.split("\n").includes(line))).toEqual(['    "a = 1"']);
  });
});
