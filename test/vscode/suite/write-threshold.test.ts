import assert from "node:assert/strict";
import { readFile, rm } from "node:fs/promises";
import { commands, Range, type TextDocument, window } from "vscode";
import type { TestApi } from "../../../extension/test-api.ts";
import { activate, closeAll, script, undo, when } from "../editor.ts";

/** Clips by hand, with a threshold of its own. */
const TRAIN = `import random
import gradsight

MAX_NORM = 4.0
random.seed(0)
weight = 0.0
for step in range(100):
    x = random.gauss(0, 1)
    gradient = 2 * (weight * x - 3 * x) * x
    norm = abs(gradient)
    gradsight.log(step, norm=norm, threshold=MAX_NORM)
    if norm > MAX_NORM:
        gradient *= MAX_NORM / norm
    weight -= 0.05 * gradient
`;

describe("writing a threshold", () => {
  let api: TestApi;
  before(async () => {
    api = await activate();
  });
  afterEach(closeAll);

  async function recorded(name: string): Promise<{ document: TextDocument; run: string; series: string }> {
    const document = await script(name, TRAIN);
    const find = () => api.hub.runs.find((one) => one.script === document.uri.fsPath);
    await commands.executeCommand("gradsight.runWithTelemetry");
    await when(api.hub.onDidChangeRuns, () => find()?.status === "finished");
    const { summary, series } = await api.hub.run(find()!.id);
    return { document, run: summary.id, series: series[0]!.id };
  }

  it("changes the number where it stands, shows it, saves nothing, and is undone in one step", async () => {
    const { document, run, series } = await recorded("write.py");
    await closeAll();
    const outcome = await api.writer.write(run, series, 0.85);
    assert.ok("ok" in outcome, JSON.stringify(outcome));
    assert.equal(outcome.ok.file, document.uri.fsPath);
    assert.equal(outcome.ok.line, 4);
    const editor = window.activeTextEditor!;
    assert.equal(editor.document.getText(), TRAIN.replace("4.0", "0.85"));
    assert.equal(editor.document.getText(editor.selection), "0.85");
    assert.equal(await readFile(document.uri.fsPath, "utf8"), TRAIN);
    await undo(editor.document);
    assert.equal(editor.document.getText(), TRAIN);
    assert.equal(editor.document.isDirty, false);
  });

  it("shows a change of another file first, and takes a no for an answer", async () => {
    const config = await script("limits.py", "MAX_NORM = 4.0\n");
    const document = await script("elsewhere.py", TRAIN.replace("MAX_NORM = 4.0", "from limits import MAX_NORM"));
    const place = {
      site: { file: document.uri.fsPath, line: 11 },
      clip: null,
      script: document.uri.fsPath,
      startedAt: 0,
    };
    let asked = 0;
    const answered = async (...answer: string[]) => {
      const writing = api.writer.writeAt(place, 0.85, "norm", () => {
        asked += 1;
      });
      let done = false;
      void writing.finally(() => {
        done = true;
      });
      // The preview is there some time after the edit was asked for.
      while (!done) {
        for (const command of answer) await commands.executeCommand(command);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      return writing;
    };
    const refused = await answered("refactorPreview.discard");
    assert.ok("err" in refused && refused.err.includes("not accepted"), JSON.stringify(refused));
    assert.equal(asked, 1);
    assert.equal(config.getText(), "MAX_NORM = 4.0\n");
    const accepted = () =>
      answered(
        "refactorPreview.groupByFile",
        "list.focusFirst",
        "refactorPreview.toggleCheckedState",
        "refactorPreview.apply",
      );
    // Where the preview came up between the tick and the answer, nothing was ticked.
    const first = await accepted();
    const outcome = "ok" in first ? first : await accepted();
    assert.ok("ok" in outcome, JSON.stringify(outcome));
    assert.equal(outcome.ok.file, config.uri.fsPath);
    assert.equal(config.getText(), "MAX_NORM = 0.85\n");
    await undo(config);
    assert.equal(config.getText(), "MAX_NORM = 4.0\n");
  });

  it("is refused, with the reason, when the script has become another one or is gone", async () => {
    const { document, run, series } = await recorded("changed.py");
    const everything = document.validateRange(new Range(0, 0, document.lineCount, 0));
    await window.activeTextEditor!.edit((edit) => edit.replace(everything, "print('nothing to train')\n"));
    const changed = await api.writer.write(run, series, 0.85);
    assert.ok("err" in changed && /changed after this run/.test(changed.err), JSON.stringify(changed));
    await commands.executeCommand("workbench.action.revertAndCloseActiveEditor");
    await rm(document.uri.fsPath);
    const gone = await api.writer.write(run, series, 0.85);
    assert.ok("err" in gone && /does not exist any more/.test(gone.err), JSON.stringify(gone));
  });

  it("is refused for a run that was deleted", async () => {
    const { run, series } = await recorded("deleted.py");
    await api.hub.request("delete", { run });
    const outcome = await api.writer.write(run, series, 0.85);
    assert.ok("err" in outcome && outcome.err.length > 0);
  });
});
