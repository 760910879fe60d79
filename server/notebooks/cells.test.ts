import { describe, expect, it } from "vitest";
import { applyEdits } from "../text/edits.ts";
import { Cells } from "./cells.ts";

const at = (text: string, part: string) => {
  const start = text.indexOf(part);
  return { start, end: start + part.length };
};

describe("cells as one text", () => {
  it("has each at its place, magics taken out", () => {
    const cells = new Cells(["a = 1\nb = 2", "", "%cd x\nc = 3\n"]);
    expect(cells.text).toBe("a = 1\nb = 2\n\n     \nc = 3\n\n");
    expect(cells.all.map(({ start }) => start)).toEqual([0, 12, 13]);
    expect([0, 11, 12, 13, 24].map((offset) => cells.at(offset))).toEqual([0, 0, 1, 2, 2]);
  });

  it("finds the cell of every offset, and the offset again", () => {
    const random = generator(7);
    for (let round = 0; round < 300; round++) {
      const sources = randomSources(random);
      const cells = new Cells(sources);
      expect(cells.text.length).toBe(sources.reduce((sum, source) => sum + source.length + 1, 0));
      for (const [index, source] of sources.entries())
        for (let offset = 0; offset <= source.length; offset++) {
          const joined = cells.start(index) + offset;
          expect(cells.at(joined)).toBe(index);
          expect(joined - cells.start(cells.at(joined))).toBe(offset);
        }
    }
  });

  it("names a line as it is counted in its cell, and cells from 1", () => {
    const cells = new Cells(["a = 1\nb = 2", "", "%cd x\r\nc = 3\n"]);
    const lines = cells.text.split("\n").slice(0, -1);
    expect(lines.map((_, index) => cells.lineName(index + 1))).toEqual([
      "line 1 of cell 1",
      "line 2 of cell 1",
      "line 1 of cell 2",
      "line 1 of cell 3",
      "line 2 of cell 3",
      "line 3 of cell 3",
    ]);
  });

  it("changes as if it were made anew, by one edit", () => {
    const random = generator(11);
    const sources = randomSources(random);
    const cells = new Cells(sources);
    for (let round = 0; round < 300; round++) {
      const index = random(sources.length + 1);
      const count = random(Math.min(3, sources.length - index + 1));
      const added = randomSources(random).slice(0, 2);
      const before = cells.text;
      sources.splice(index, count, ...added);
      const edit = cells.replace(index, count, added);
      expect(cells.text).toBe(new Cells(sources).text);
      expect(applyEdits(before, [edit])).toBe(cells.text);
    }
  });

  it("touches no more than what changed", () => {
    const cells = new Cells(["a = 1\n".repeat(1000), "b = 2", "c = 3"]);
    const { start } = cells.all[1]!;
    expect(cells.replace(1, 1, ["b = 25"])).toEqual({ range: { start: start + 5, end: start + 5 }, newText: "5" });
  });
});

describe("an edit of the joined text", () => {
  const cells = new Cells(["import a", "x = 1\n%cd y\nz = 2"]);
  it("is one of the cell that it is in", () => {
    expect(cells.edit({ range: at(cells.text, "1"), newText: "5" })).toEqual({
      cell: 1,
      edit: { range: { start: 4, end: 5 }, newText: "5" },
    });
    expect(cells.edit({ range: { start: 8, end: 8 }, newText: "\nimport b" })).toMatchObject({ cell: 0 });
  });

  it("is none where it spans two, or takes a magic along", () => {
    expect(cells.edit({ range: { start: 3, end: 12 }, newText: "" })).toBeNull();
    expect(cells.edit({ range: at(cells.text, "x = 1\n     \nz"), newText: "" })).toBeNull();
  });

  it("takes the last line of a cell with the line end before it", () => {
    const { start } = at(cells.text, "z = 2");
    expect(cells.edit({ range: { start, end: start + 6 }, newText: "" })).toEqual({
      cell: 1,
      edit: { range: { start: 11, end: 17 }, newText: "" },
    });
  });
});

type Random = (below: number) => number;

/** Always the same numbers for the same seed. */
function generator(seed: number): Random {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function randomSources(random: Random): string[] {
  const lines = [
    "x = 1",
    "%cd a",
    "!ls",
    "é = '𝛁'",
    "",
    "f(a,",
    "b)",
    '"""',
    "y = !ls",
    "what?",
    "x\r",
    "%%bash",
    "z \\",
  ];
  return Array.from({ length: 1 + random(5) }, () =>
    Array.from({ length: random(5) }, () => lines[random(lines.length)]!).join("\n"),
  );
}
