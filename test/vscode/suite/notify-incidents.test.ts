import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { commands, tasks, window, workspace } from "vscode";
import type { TestApi } from "../../../extension/test-api.ts";
import type { RunSummary } from "../../../protocol/viewer.ts";
import { activate, closeAll, script, when } from "../editor.ts";

/** Trains until it is told to go bad, twice, and ends a while later. */
const GOES_BAD = `import os, time
import gradsight

step = 0
def log(norm):
    global step
    gradsight.log(step, norm=norm, loss=1.0)
    step += 1
    time.sleep(0.02)

while not os.path.exists(__file__ + ".go"):
    log(1.0)
for norm in (float("nan"), 1.0, float("inf"), 1.0):
    log(norm)
time.sleep(1)
`;
const SETTING = "notifications.incidents";
const SHOW = "Show";
const NEVER = "Don't Show Again";

describe("notification of what goes bad", () => {
  let api: TestApi;
  const original = window.showWarningMessage;
  let shown: { text: string; items: string[] }[] = [];
  /** What the user presses. */
  let answer: string | undefined;

  before(async () => {
    api = await activate();
    // No test can press a notification's button.
    window.showWarningMessage = ((text: string, ...items: string[]) => {
      shown.push({ text, items });
      return Promise.resolve(answer);
    }) as unknown as typeof original;
  });
  after(() => {
    window.showWarningMessage = original;
  });
  beforeEach(() => {
    shown = [];
    answer = undefined;
  });
  afterEach(async () => {
    await workspace.getConfiguration("gradsight").update(SETTING, undefined, true);
    await closeAll();
  });

  /** Runs it to its end, with the dashboard closed before it goes bad. */
  async function run(name: string): Promise<RunSummary> {
    const document = await script(name, GOES_BAD);
    const before = new Set((await api.hub.refresh()).map(({ id }) => id));
    const find = () => api.hub.runs.find((one) => !before.has(one.id) && one.script === document.uri.fsPath);
    await commands.executeCommand("gradsight.runWithTelemetry");
    await when(api.hub.onDidChangeRuns, () => (find()?.steps ?? 0) > 0);
    await closeAll();
    await writeFile(`${document.uri.fsPath}.go`, "");
    await when(api.hub.onDidChangeRuns, () => find()?.status === "finished" && find()?.incident != null);
    await when(tasks.onDidEndTask, () => tasks.taskExecutions.length === 0);
    return find()!;
  }

  it("comes once a run, names the step, and shows the run", async () => {
    answer = SHOW;
    const { incident } = await run("bad.py");
    const [only, ...more] = shown;
    assert.ok(only);
    assert.ok(only.text.startsWith(`bad.py went non-finite at step ${incident?.step}. The `), only.text);
    assert.deepEqual(only.items, [SHOW, NEVER]);
    assert.deepEqual(more, []);
    assert.ok(api.dashboard.isOpen);
  });

  it("does not come where the dashboard shows the run", async () => {
    // What the page asks for: no page is loaded in this host.
    const { shows } = api.dashboard;
    api.dashboard.shows = () => true;
    try {
      await run("seen.py");
    } finally {
      api.dashboard.shows = shows;
    }
    assert.deepEqual(shown, []);
  });

  it("is turned off for good where the user says so", async () => {
    const setting = () => workspace.getConfiguration("gradsight").inspect<boolean>(SETTING)?.globalValue;
    answer = NEVER;
    await run("first.py");
    assert.equal(shown.length, 1);
    await when(workspace.onDidChangeConfiguration, () => setting() === false);
    await run("second.py");
    assert.equal(shown.length, 1);
  });
});
