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

  for (const [name, text, shown] of [
    [
      "imported.py",
      "from model import net\nfrom torch.optim import SGD\n\noptimizer = SGD(net.parameters(), lr=0.1)\nnet.loss().backward()\noptimizer.step()\n",
      /^torch\.nn\.utils\.clip_grad_norm_\(net\.parameters\(\), max_norm=0\.5\)$/,
    ],
    [
      "accumulated.py",
      `import torch
from accelerate import Accelerator
from model import loader, net

accelerator = Accelerator(gradient_accumulation_steps=2)
net, optimizer = accelerator.prepare(net, torch.optim.SGD(net.parameters(), lr=0.1))
for batch in loader:
    with accelerator.accumulate(net):
        accelerator.backward(net(batch))
        optimizer.step()
        optimizer.zero_grad()
`,
      /^if accelerator\.sync_gradients:\n +accelerator\.clip_grad_norm_\(net\.parameters\(\), 0\.5\)$/,
    ],
    [
      "trainer.py",
      `from model import data, net
from transformers import Trainer, TrainingArguments

arguments = TrainingArguments(
    output_dir="out",
    max_grad_norm=0.0,
)
trainer = Trainer(model=net, args=arguments, train_dataset=data)
trainer.train()
`,
      /^0\.5$/,
    ],
  ] as const)
    it(`shows all that it inserts, and names its line: ${name}`, async () => {
      const document = await script(name, text);
      const file = document.uri.fsPath;
      const line = text.split("\n").findIndex((each) => /\.(step|train)\(\)/.test(each)) + 1;
      const outcome = await api.writer.writeAt({ site: { file, line }, clip: null, script: file, startedAt: 0 }, 0.5);
      assert.ok("ok" in outcome, JSON.stringify(outcome));
      const { selection } = window.activeTextEditor!;
      assert.match(document.getText(selection), shown);
      assert.equal(outcome.ok.line, selection.start.line + 1);
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
