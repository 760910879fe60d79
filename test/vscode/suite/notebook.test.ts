import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  type CodeAction,
  CodeActionKind,
  commands,
  NotebookCellData,
  NotebookCellKind,
  NotebookControllerAffinity,
  type NotebookDocument,
  NotebookEdit,
  NotebookRange,
  notebooks,
  Uri,
  WorkspaceEdit,
  window,
  workspace,
} from "vscode";
import { reveal } from "../../../extension/dashboard/reveal.ts";
import { findInterpreter } from "../../../extension/python/interpreter.ts";
import { ipynb } from "../../notebook.ts";
import { activate, closeAll, EXTENSION, findings, folder, rule, untilFindings, when } from "../editor.ts";
import { UNCLIPPED } from "../scripts.ts";

const [IMPORTS, LOOP] = UNCLIPPED.trimEnd().split(/\n(?=for)/) as [string, string];

async function open(name: string, cells: readonly string[]): Promise<NotebookDocument> {
  const path = join(folder().fsPath, name);
  await writeFile(path, ipynb(cells));
  const notebook = await workspace.openNotebookDocument(Uri.file(path));
  await window.showNotebookDocument(notebook);
  return notebook;
}

const hashOf = (source: string) => createHash("sha256").update(source).digest("hex");

const cell = (notebook: NotebookDocument, index: number) => notebook.cellAt(index).document;

describe("notebooks", () => {
  before(activate);
  afterEach(closeAll);

  it("have findings in the cell of the update, which know of the cells before it", async () => {
    const notebook = await open("found.ipynb", ["# %% Training", `%matplotlib inline\n${IMPORTS}`, `%%time\n${LOOP}`]);
    await untilFindings(cell(notebook, 2), (list) => list.length === 1);
    const [finding] = findings(cell(notebook, 2));
    assert.equal(rule(finding!), "missing-clipping");
    assert.match(cell(notebook, 2).getText(finding!.range), /optimizer\.step/);
    const elsewhere = finding!.relatedInformation?.filter(
      ({ location }) => location.uri.toString() === cell(notebook, 1).uri.toString(),
    );
    assert.ok(elsewhere?.length, "nothing related in the cell that builds the optimizer");
    assert.deepEqual(findings(cell(notebook, 1)), []);
  });

  it("are shown at the cell in which a run was, and from the start where that has changed", async () => {
    const notebook = await open("shown.ipynb", [IMPORTS, LOOP]);
    const place = { file: notebook.uri.fsPath, line: 1 };
    const log = window.createOutputChannel("reveal", { log: true });
    await reveal({ ...place, line: 2, cell: hashOf(LOOP) }, log);
    assert.deepEqual(window.activeNotebookEditor?.selection, new NotebookRange(1, 2));
    assert.equal(window.activeTextEditor?.selection.active.line, 1);
    for (const unknown of [hashOf("gone"), null]) {
      await closeAll();
      await reveal({ ...place, cell: unknown }, log);
      assert.equal(window.activeNotebookEditor?.notebook.uri.fsPath, place.file);
    }
    log.dispose();
  });

  it("take a threshold in the cell that ran, without a question and closed before", async () => {
    const { writer } = await activate();
    const file = join(folder().fsPath, "written.ipynb");
    await writeFile(file, ipynb(["# %% Training", IMPORTS, LOOP]));
    const line = LOOP.split("\n").findIndex((text) => text.includes("optimizer.step")) + 1;
    const site = { file, line, cell: hashOf(LOOP) };
    let asked = false;
    const place = { site, clip: null, script: file, startedAt: Date.now() / 1000 };
    const outcome = await writer.writeAt(place, 0.5, "norm", () => {
      asked = true;
    });
    assert.ok("ok" in outcome, JSON.stringify(outcome));
    assert.equal(asked, false);
    const notebook = window.activeNotebookEditor!.notebook;
    assert.match(cell(notebook, 2).getText(), /clip_grad_norm_\(model\.parameters\(\), max_norm=0\.5\)/);
    assert.equal(window.activeTextEditor?.document, cell(notebook, 2));
    const { summary: _, ...written } = outcome.ok;
    assert.deepEqual(written, { file, line, cell: hashOf(cell(notebook, 2).getText()) });
  });

  it("stay in sight beside the dashboard that is opened, whatever is selected in them", async () => {
    const { dashboard } = await activate();
    const notebook = await open("beside.ipynb", ["# %% Training", IMPORTS, LOOP]);
    assert.equal(window.activeTextEditor, undefined);
    dashboard.show();
    await when(window.tabGroups.onDidChangeTabs, () => window.tabGroups.all.length === 2);
    assert.ok(window.visibleNotebookEditors.some((editor) => editor.notebook === notebook));
  });

  it("are fixed in their cells", async () => {
    const notebook = await open("fixed.ipynb", [IMPORTS, LOOP]);
    await untilFindings(cell(notebook, 1), (list) => list.length === 1);
    const actions = await commands.executeCommand<CodeAction[]>(
      "vscode.executeCodeActionProvider",
      cell(notebook, 1).uri,
      findings(cell(notebook, 1))[0]!.range,
      CodeActionKind.QuickFix.value,
      10,
    );
    const fix = actions.find(({ title, edit }) => edit && /^Clip the gradients/.test(title));
    assert.ok(fix?.edit, `no fix among ${actions.map(({ title }) => title).join(", ")}`);
    assert.ok(await workspace.applyEdit(fix.edit));
    await untilFindings(cell(notebook, 1), (list) => list.length === 0);
    assert.match(cell(notebook, 1).getText(), /clip_grad_norm_\(model\.parameters\(\)/);
    assert.equal(cell(notebook, 0).getText(), IMPORTS);
  });

  it("are fixed whole by command", async () => {
    const notebook = await open("whole.ipynb", [IMPORTS, LOOP, LOOP]);
    await untilFindings(cell(notebook, 2), (list) => list.length === 1);
    await commands.executeCommand("gradsight.fixAllInFile");
    for (const index of [1, 2]) {
      await untilFindings(cell(notebook, index), (list) => list.length === 0);
      assert.match(cell(notebook, index).getText(), /clip_grad_norm_/);
    }
  });

  it("follow what one cell does to another, and cells that are added", async () => {
    const notebook = await open("follow.ipynb", [IMPORTS, LOOP]);
    await untilFindings(cell(notebook, 1), (list) => list.length === 1);
    const added = new WorkspaceEdit();
    const text = new NotebookCellData(NotebookCellKind.Code, "# gradsight: ignore-file", "python");
    added.set(notebook.uri, [NotebookEdit.insertCells(0, [text])]);
    assert.ok(await workspace.applyEdit(added));
    await untilFindings(cell(notebook, 2), (list) => list.length === 0);
    const removed = new WorkspaceEdit();
    removed.replace(cell(notebook, 0).uri, cell(notebook, 0).validateRange(cell(notebook, 0).lineAt(0).range), "x = 1");
    assert.ok(await workspace.applyEdit(removed));
    await untilFindings(cell(notebook, 2), (list) => list.length === 1);
  });

  it("are recorded where a kernel gets the environment of the extension host", async () => {
    const api = await activate();
    const python = await findInterpreter(folder());
    assert.ok("ok" in python, JSON.stringify(python));
    // As Jupyter's extension starts one, which isn't here; it needs no IPython.
    const kernel = notebooks.createNotebookController("plain-python", "jupyter-notebook", "Plain Python");
    kernel.executeHandler = async (cells) => {
      for (const one of cells) {
        const execution = kernel.createNotebookCellExecution(one);
        execution.start();
        const child = spawn(python.ok, ["-c", one.document.getText()], { stdio: ["ignore", "ignore", "inherit"] });
        const [code] = await once(child, "close");
        execution.end(code === 0);
      }
    };
    const run = () => api.hub.runs.find(({ name }) => name === "from a notebook");
    const text = 'import gradsight\ngradsight.watch(name="from a notebook")\ngradsight.log(0, norm=1.0)';
    const notebook = await open("recorded.ipynb", [text]);
    kernel.updateNotebookAffinity(notebook, NotebookControllerAffinity.Preferred);
    const selected = when(kernel.onDidChangeSelectedNotebooks, () => true);
    await commands.executeCommand("notebook.selectKernel", { id: kernel.id, extension: EXTENSION });
    await selected;
    await commands.executeCommand("notebook.execute");
    await when(api.hub.onDidChangeRuns, () => run()?.status === "finished");
    assert.equal(run()!.steps, 1);
    kernel.dispose();
  });
});
