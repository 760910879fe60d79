import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { commands, tasks, window } from "vscode";
import type { TestApi } from "../../../extension/test-api.ts";
import { activate, closeAll, script, when, withSetting } from "../editor.ts";

/** Goes on until it is told to end. It clips nothing, so that there is nothing to change. */
const TRAIN = `import os, time
import gradsight

step = 0
while not os.path.exists(__file__ + ".end"):
    gradsight.log(step, norm=1.0, loss=1.0)
    step += 1
    time.sleep(0.05)
`;

describe("control of a run", () => {
  let api: TestApi;
  const original = window.showWarningMessage;
  let questions: { text: string; detail: string | undefined }[] = [];
  /** What the user presses. */
  let answer: string | undefined;

  before(async () => {
    api = await activate();
    // No test can press a dialog's button.
    window.showWarningMessage = ((text: string, options: { detail?: string }) => {
      questions.push({ text, detail: options.detail });
      return Promise.resolve(answer);
    }) as unknown as typeof original;
  });
  after(() => {
    window.showWarningMessage = original;
  });
  beforeEach(() => {
    questions = [];
    answer = undefined;
  });
  afterEach(closeAll);

  /** Does something with a run that is under way, and ends it. */
  async function during(name: string, body: (run: string, series: string) => Promise<void>): Promise<void> {
    const document = await script(name, TRAIN);
    const before = new Set((await api.hub.refresh()).map(({ id }) => id));
    const find = () => api.hub.runs.find((one) => !before.has(one.id) && one.script === document.uri.fsPath);
    await commands.executeCommand("gradsight.runWithTelemetry");
    await when(api.hub.onDidChangeRuns, () => (find()?.steps ?? 0) > 0);
    try {
      const { id } = find()!;
      await body(id, (await api.hub.run(id)).series[0]!.id);
    } finally {
      await writeFile(`${document.uri.fsPath}.end`, "");
      await when(tasks.onDidEndTask, () => tasks.taskExecutions.length === 0);
    }
  }

  it("asks before the first change, and changes no run that was not started so", async () => {
    await during("plain.py", async (run, series) => {
      assert.equal((await api.hub.run(run)).control, null);
      assert.deepEqual(await api.control.change(run, series, 0.5), { outcome: "cancelled", reason: null });
      answer = "Change";
      const { outcome, reason } = await api.control.change(run, series, "off");
      assert.equal(outcome, "refused");
      assert.match(reason ?? "", /--allow-control/);
    });
    assert.deepEqual(
      questions.map(({ text }) => text),
      ["Change plain.py while it is running?", "Change plain.py while it is running?"],
    );
    assert.match(questions[0]!.detail ?? "", /^Its clipping threshold becomes 0\.5\. /);
    assert.match(questions[1]!.detail ?? "", /^Its clipping is switched off\. /);
  });

  it("starts a run that may be controlled where the setting says so, and asks once", async () => {
    answer = "Change";
    await withSetting("run.allowControl", true, () =>
      during("allowed.py", async (run, series) => {
        assert.deepEqual((await api.hub.run(run)).control?.overrides, []);
        for (const threshold of [0.5, "script"] as const) {
          const { outcome, reason } = await api.control.change(run, series, threshold);
          assert.equal(outcome, "refused");
          assert.match(reason ?? "", /no clip whose threshold/);
        }
      }),
    );
    assert.equal(questions.length, 1);
  });
});
