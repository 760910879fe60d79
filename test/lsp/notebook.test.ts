import { createHash } from "node:crypto";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Diagnostic, DiagnosticSeverity, type WorkspaceEdit } from "vscode-languageserver-protocol/node";
import { LspClient } from "./client.ts";
import { NotebookClient } from "./notebook-client.ts";
import { DEPRECATED, UNCLIPPED } from "./scripts.ts";

const [IMPORTS, MODEL, LOOP] = UNCLIPPED.trimEnd().split(/\n\n|\n(?=for)/) as [string, string, string];
const CELLS = [`%matplotlib inline\n${IMPORTS}`, MODEL, `%%time\n${LOOP}`];
const STEP = { line: 5, character: 4 };
const STEP_RANGE = { start: STEP, end: { line: 5, character: 20 } };
const CLIP = "    nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)\n";
const rules = (diagnostics: Diagnostic[]) => diagnostics.map(({ code }) => code);

describe("a notebook, its cells pulled", () => {
  let client: LspClient;
  let notebook: NotebookClient;
  beforeAll(async () => {
    client = await LspClient.start();
  });
  beforeEach(async () => {
    client.refreshes = 0;
    notebook = new NotebookClient(client, "file:///project/train.ipynb");
    await notebook.open(CELLS);
  });
  afterEach(() => notebook.close());
  afterAll(async () => {
    expect(await client.stop()).toBe(0);
  });
  const pull = async (...cells: number[]) => {
    const found: unknown[][] = [];
    for (const cell of cells) found.push(rules(await client.pull(notebook.uri(cell))));
    return found;
  };

  it("is announced", () => {
    expect(client.result.capabilities.notebookDocumentSync).toMatchObject({
      notebookSelector: [{ notebook: "jupyter-notebook" }],
    });
  });

  it("has findings in the cell of the update, which know of the other cells", async () => {
    expect(await pull(0, 1, 2)).toEqual([[], [], ["missing-clipping"]]);
    const [diagnostic] = await client.pull(notebook.uri(2));
    expect(diagnostic!.range).toEqual(STEP_RANGE);
    const constructed = diagnostic!.relatedInformation!.find(({ location }) => location.uri === notebook.uri(1));
    expect(constructed!.location.range.start).toEqual({ line: 1, character: 12 });
  });

  it("follows edits of a cell, and of those that it uses", async () => {
    await pull(0, 1, 2);
    await notebook.edit(2, { range: { start: { ...STEP, character: 0 }, end: { ...STEP, character: 0 } }, text: CLIP });
    expect(await pull(2)).toEqual([[]]);
    await notebook.edit(2, { text: CELLS[2]! });
    expect(await pull(2)).toEqual([["missing-clipping"]]);
    const severity = async () => (await client.pull(notebook.uri(2))).map((diagnostic) => diagnostic.severity);
    await notebook.edit(1, { text: MODEL.replace("nn.LSTM", "nn.Linear") });
    expect(await severity()).toEqual([DiagnosticSeverity.Information]);
    await notebook.edit(1, { text: MODEL });
    expect(await severity()).toEqual([DiagnosticSeverity.Warning]);
  });

  it("asks to be asked again where an edit in one cell changes another's findings", async () => {
    await pull(0, 1, 2);
    await notebook.edit(0, { text: `${CELLS[0]}\n# gradsight: ignore-file` });
    await client.until(() => client.refreshes > 0);
    expect(await pull(0, 1, 2)).toEqual([[], [], []]);
  });

  it("follows cells that come, go and move", async () => {
    await pull(0, 1, 2);
    await notebook.insert(2, `${MODEL}\n# again`);
    expect(await pull(3)).toEqual([["missing-clipping"]]);
    await notebook.insert(0, "# %%\nx = 1");
    expect((await client.pull(notebook.uri(4)))[0]!.range).toEqual(STEP_RANGE);
    const loop = notebook.uri(4);
    await notebook.remove(4);
    expect(await client.pull(loop)).toEqual([]);
    await notebook.insert(0, CELLS[2]!);
    await notebook.move(0, 4);
    expect(await pull(0, 1, 2, 3, 4)).toEqual([[], [], [], [], ["missing-clipping"]]);
  });

  it("is fixed in its cells", async () => {
    const actions = await client.actions(notebook.uri(2), { start: STEP, end: STEP });
    const fix = actions.find(({ title }) => title.startsWith("Clip the gradients"))!;
    expect(await notebook.apply(fix.edit!)).toEqual([notebook.uri(2)]);
    expect(notebook.text(2)).toContain(CLIP);
    expect(await pull(2)).toEqual([[]]);
  });

  it("is fixed as a whole from any of its cells", async () => {
    const second = LOOP.replaceAll("optimizer", "other");
    await notebook.insert(3, `other = torch.optim.SGD(model.parameters(), lr=0.1)\n${second}`);
    const { edit, count } = await client.request<{ edit: WorkspaceEdit; count: number }>("gradsight/fixAll", {
      uri: notebook.uri(0),
      unsafe: true,
    });
    expect(count).toBe(2);
    expect(await notebook.apply(edit)).toEqual([notebook.uri(2), notebook.uri(3)]);
    expect(await pull(2, 3)).toEqual([[], []]);
  });

  it("offers to fix it whole, worked out when it is chosen", async () => {
    await notebook.insert(3, LOOP);
    const actions = await client.actions(notebook.uri(2), { start: STEP, end: STEP });
    const all = actions.find(({ title }) => title === "Fix all clipping problems in this notebook")!;
    const { edit } = await client.resolve(all);
    expect(await notebook.apply(edit!)).toEqual([notebook.uri(2), notebook.uri(3)]);
    await expect(client.resolve(all)).rejects.toThrow("the text changed");
  });

  it("fixes on save what is safe in each cell", async () => {
    const old = DEPRECATED.slice(DEPRECATED.indexOf("for x"));
    await notebook.insert(3, old);
    const range = { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } };
    const context = { only: ["source.fixAll"] };
    expect(await client.actions(notebook.uri(2), range, context)).toEqual([]);
    const [action] = await client.actions(notebook.uri(3), range, context);
    expect(await notebook.apply(action!.edit!)).toEqual([notebook.uri(3)]);
    expect(notebook.text(3)).toBe(old.replace("clip_grad_norm(", "clip_grad_norm_("));
  });

  it("is silenced where it stands", async () => {
    const actions = await client.actions(notebook.uri(2), { start: STEP, end: STEP });
    const suppress = actions.find(({ title }) => title.startsWith("Suppress"))!;
    await notebook.apply(suppress.edit!);
    expect(notebook.text(2)).toMatch(/optimizer\.step\(\) {2}# gradsight: ignore\[missing-clipping\]$/);
    expect(await pull(2)).toEqual([[]]);
  });

  it("is explained on hover", async () => {
    const hover = await client.hover(notebook.uri(2), STEP);
    expect(hover!.range!.start).toEqual(STEP);
    expect(await client.hover(notebook.uri(0), { line: 0, character: 2 })).toBeNull();
  });

  it("names places as its editor shows them, by cell and line", async () => {
    await notebook.insert(0, "# Training\n\nA plain loop: `optimizer.step()`.", "markdown");
    const hover = await client.hover(notebook.uri(3), STEP);
    const { value } = hover!.contents as { value: string };
    expect(value).toContain("`torch.optim.SGD`, line 2 of cell 3");
    expect(value).toContain("`loss.backward()`, line 5 of cell 4");
    await notebook.edit(3, { text: `${LOOP}\n    nn.utils.clip_grad_norm_(model.parameters(), 1.0)` });
    expect(
      await client.request("gradsight/thresholdEdit", {
        uri: notebook.uri(3),
        site: null,
        clip: null,
        threshold: 0.5,
      }),
    ).toEqual({ err: expect.stringContaining("The clip on line 6 of cell 4 comes after the update") });
  });

  it("takes a threshold", async () => {
    await notebook.edit(2, { range: { start: { ...STEP, character: 0 }, end: { ...STEP, character: 0 } }, text: CLIP });
    const params = { uri: notebook.uri(1), site: null, clip: null, threshold: 0.5 };
    const { ok } = await client.request<{ ok: { edit: WorkspaceEdit; line: number; asks: boolean } }>(
      "gradsight/thresholdEdit",
      params,
    );
    expect(ok).toMatchObject({ line: 6, asks: false });
    await notebook.apply(ok.edit);
    expect(notebook.text(2)).toContain("max_norm=0.5");
  });

  it("takes a threshold in the cell that ran, unless it has changed", async () => {
    const uri = "file:///project/train.ipynb";
    await client.open(uri, "{}", "json"); // as text besides
    const cell = createHash("sha256").update(CELLS[2]!).digest("hex");
    const site = { file: "/project/train.ipynb", line: 6, cell };
    const ask = () => client.request("gradsight/thresholdEdit", { uri, site, clip: null, threshold: 0.5 });
    expect(await ask()).toMatchObject({ ok: { line: 6 } });
    await notebook.edit(2, { text: `${CELLS[2]}\n` });
    expect(await ask()).toMatchObject({ ok: { line: 6 } }); // no kernel tells of line ends there
    await notebook.edit(2, { text: `${CELLS[2]}\nx = 1` });
    expect(await ask()).toEqual({ err: expect.stringContaining("has changed since") });
  });

  it("that is not open takes none", async () => {
    const params = { uri: "file:///project/other.ipynb", site: null, clip: null, threshold: 0.5 };
    expect(await client.request("gradsight/thresholdEdit", params)).toEqual({
      err: expect.stringContaining("Open it in the notebook editor first"),
    });
  });

  it("is the same after many edits as when it is opened", async () => {
    const edits: [number, string][] = [
      [1, "x = ("],
      [0, "%%bash\nls"],
      [2, '"""'],
      [1, MODEL],
      [2, "%time x"],
      [0, CELLS[0]!],
    ];
    for (const [cell, text] of edits) {
      await notebook.edit(cell, { text });
      await client.pull(notebook.uri(2));
    }
    for (const [at, text] of [...CELLS[2]!].entries()) {
      const start = CELLS[2]!.slice(0, at).split("\n");
      const position = { line: start.length - 1, character: start.at(-1)!.length };
      if (at === 0) await notebook.edit(2, { text });
      else await notebook.edit(2, { range: { start: position, end: position }, text });
    }
    expect(notebook.text(2)).toBe(CELLS[2]);
    const edited = await client.pull(notebook.uri(2));
    await notebook.close();
    await notebook.open(CELLS);
    expect(edited).toEqual(await client.pull(notebook.uri(2)));
    expect(rules(edited)).toEqual(["missing-clipping"]);
  });
});

describe("a notebook, its findings pushed", () => {
  it("has them for each cell, and none for one that is gone", async () => {
    const client = await LspClient.start({ pulls: false });
    const notebook = new NotebookClient(client, "file:///project/train.ipynb");
    await notebook.open(CELLS);
    expect(rules((await client.published(notebook.uri(2))).diagnostics)).toEqual(["missing-clipping"]);
    expect((await client.published(notebook.uri(0))).diagnostics).toEqual([]);
    await notebook.edit(0, { text: `${CELLS[0]}\n# gradsight: ignore-file` });
    expect((await client.published(notebook.uri(2))).diagnostics).toEqual([]);
    await notebook.edit(0, { text: CELLS[0]! });
    expect((await client.published(notebook.uri(2))).diagnostics).toHaveLength(1);
    const gone = notebook.uri(2);
    await notebook.remove(2);
    expect(await client.published(gone)).toEqual({ uri: gone, diagnostics: [] });
    expect(await client.stop()).toBe(0);
  });
});
