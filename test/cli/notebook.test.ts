import { describe, expect, it } from "vitest";
import { parses } from "../analysis/analyser.ts";
import { DEPRECATED, UNCLIPPED } from "../lsp/scripts.ts";
import { ipynb, sourcesOf } from "../notebook.ts";
import { type JsonFinding, Project } from "./project.ts";

const project = new Project();
const [IMPORTS, MODEL, LOOP] = UNCLIPPED.trimEnd().split(/\n\n|\n(?=for)/) as [string, string, string];
const CELLS = ["# %% Training", `%matplotlib inline\n${IMPORTS}`, "!nvidia-smi", MODEL, `%%time\n${LOOP}`];
const json = async (...args: string[]): Promise<JsonFinding[]> =>
  JSON.parse((await project.run(["lint", "--format", "json", ...args])).out);

describe("a notebook", () => {
  it("is one module, its places told by cell", async () => {
    await project.write({ "a.ipynb": ipynb(CELLS) });
    const [finding, ...others] = await json("a.ipynb");
    expect(others).toEqual([]);
    expect(finding).toMatchObject({
      code: "missing-clipping",
      cell: 4,
      location: { row: 6, column: 5 },
      end_location: { row: 6, column: 21 },
      filename: project.path("a.ipynb"),
      fix: { applicability: "unsafe", edits: [{ location: { row: 6, column: 5 } }] },
    });
    expect(finding!.related).toContainEqual(expect.objectContaining({ row: 2, column: 13 }));
  });

  it("is found in a folder", async () => {
    await project.write({ "sub/a.ipynb": ipynb(CELLS), ".ipynb_checkpoints/a-checkpoint.ipynb": ipynb(CELLS) });
    expect(await project.lint()).toEqual(["sub/a.ipynb:6:5 missing-clipping"]);
  });

  it("is shown with the code of its cells", async () => {
    await project.write({ "a.ipynb": ipynb(CELLS) });
    const { out, code } = await project.run(["lint"]);
    expect(code).toBe(1);
    const lines = out.split("\n");
    expect(lines[0]).toMatch(/^a\.ipynb:cell 4:6:5: warning: .+ \[missing-clipping\]$/);
    expect(lines).toContain("6 |     optimizer.step()");
    expect(lines).toContain("  | in cell 3:");
    expect(lines).toContain("2 | optimizer = torch.optim.SGD(model.parameters(), lr=0.1)");
  });

  it("is fixed in the cell, and nowhere else", async () => {
    const before = ipynb(CELLS);
    await project.write({ "a.ipynb": before });
    const { code } = await project.run(["lint", "--fix", "--unsafe-fixes"]);
    expect(code).toBe(0);
    const after = await project.read("a.ipynb");
    const added = after.split("\n").filter((line) => !before.split("\n").includes(line));
    expect(added).toEqual([
      expect.stringMatching(/^ {4}" {4}nn\.utils\.clip_grad_norm_\(model.parameters\(\), .*\\n",$/),
    ]);
    expect(after.split("\n").filter((line) => !added.includes(line))).toEqual(before.split("\n"));
  });

  it("is fixed on standard input", async () => {
    const cells = ["# %% Old", ...DEPRECATED.split("\n\n")];
    const named = ["--fix", "-", "--stdin-filename", "a.ipynb"];
    const { out, err } = await project.run(["lint", ...named], { input: ipynb(cells) });
    expect(err).toContain("Fixed 1 problem.");
    expect(out).toBe(ipynb(cells).replace("clip_grad_norm(", "clip_grad_norm_("));
  });

  it("shows a difference for each cell that would change", async () => {
    await project.write({ "a.ipynb": ipynb(CELLS) });
    const { out, code } = await project.run(["lint", "--diff", "--unsafe-fixes"]);
    expect(code).toBe(1);
    expect(out.split("\n").slice(0, 3)).toEqual(["--- a.ipynb:cell 4", "+++ a.ipynb:cell 4", "@@ -3,4 +3,5 @@"]);
    expect(out.match(/^[-+](?![-+])/gm)).toEqual(["+"]);
    expect(await project.read("a.ipynb")).toBe(ipynb(CELLS));
  });

  it("is silenced as a whole from any cell", async () => {
    await project.write({ "a.ipynb": ipynb([...CELLS, "# gradsight: ignore-file"]) });
    expect(await json()).toEqual([]);
  });

  it("in another language is left alone", async () => {
    await project.write({ "a.ipynb": ipynb(CELLS, { language_info: { name: "R" } }) });
    expect(await project.run(["lint"])).toMatchObject({ code: 0, err: "" });
  });

  it("is offered no fix that would change two of its cells", async () => {
    // No name that is imported leads to the function: `import torch` would go to the first cell.
    const cells = [
      "from torch.nn import LSTM\nfrom torch.optim import SGD",
      MODEL.replace("nn.LSTM", "LSTM").replace("torch.optim.", ""),
      LOOP,
    ];
    await project.write({ "a.ipynb": ipynb(cells), "a.py": cells.join("\n") });
    expect(await json("a.ipynb")).toMatchObject([{ code: "missing-clipping", cell: 2, fix: null }]);
    expect(await json("a.py")).toMatchObject([{ code: "missing-clipping", fix: { edits: [{}, {}] } }]);
  });

  it("still loads after its fixes, each of its cells parses, and it lints clean", async () => {
    const variants = [
      UNCLIPPED.split("\n\n"),
      [...UNCLIPPED.split("\n\n"), "%cd .."],
      [UNCLIPPED],
      [UNCLIPPED.trimEnd()],
      [`${UNCLIPPED}# end`, "", "!ls"],
      [UNCLIPPED.replaceAll("\n", "\r\n")],
    ];
    for (const cells of variants) {
      await project.write({ "a.ipynb": ipynb(["# %% Title", ...cells]) });
      await project.run(["lint", "--fix", "--unsafe-fixes"]);
      const fixed = sourcesOf(await project.read("a.ipynb"));
      expect(fixed.join("")).toContain("clip_grad_norm_");
      for (const source of fixed.slice(1).filter((text) => !/^[%!]/.test(text))) expect(parses(source)).toBe(true);
      expect(await json()).toEqual([]);
    }
  });
});

describe("a file that is no notebook, on standard input", () => {
  it("is one message, and the exit code 2", async () => {
    const { code, err } = await project.run(["lint", "-", "--stdin-filename", "a.ipynb"], { input: "[]" });
    expect(code).toBe(2);
    expect(err).toMatch(/^gradsight: a\.ipynb: is no Jupyter notebook: /);
  });
});
