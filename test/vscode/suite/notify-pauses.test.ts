import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { extensions, ShellExecution, Task, TaskScope, tasks, window } from "vscode";
import type { TestApi } from "../../../extension/test-api.ts";
import { activate, closeAll, EXTENSION, script, when } from "../editor.ts";

/** Its gradients are NaN at the fourth step, where it waits. */
const WAITS = `import torch

weight = torch.nn.Parameter(torch.ones(3))
optimizer = torch.optim.SGD([weight], lr=0.1)
for step in range(6):
    optimizer.zero_grad()
    (weight.sum() * (float("nan") if step == 3 else 1.0)).backward()
    torch.nn.utils.clip_grad_norm_([weight], 1.0)
    optimizer.step()
`;

describe("a run that waits for the user", () => {
  let api: TestApi;
  const original = window.showWarningMessage;
  const shown: string[] = [];

  const venv = process.platform === "win32" ? [".venv", "Scripts", "python.exe"] : [".venv", "bin", "python"];
  const python = join(extensions.getExtension(EXTENSION)?.extensionPath ?? "", ...venv);

  before(async function () {
    if (spawnSync(python, ["-c", "import torch"]).status !== 0) this.skip();
    api = await activate();
    // No test can press a notification's button.
    window.showWarningMessage = ((text: string, options: { modal?: boolean }) => {
      if (!options.modal) shown.push(text);
      return Promise.resolve(options.modal ? "Change" : "Show");
    }) as unknown as typeof original;
  });
  after(async () => {
    window.showWarningMessage = original;
    await closeAll();
  });

  it("says so once, opens the dashboard where that is asked for, and is told apart from one that goes on", async () => {
    const document = await script("waits.py", WAITS);
    const before = new Set((await api.hub.refresh()).map(({ id }) => id));
    const find = () => api.hub.runs.find((one) => !before.has(one.id) && one.script === document.uri.fsPath);
    const opens = api.dashboard.show;
    const opened: (string | undefined)[] = [];
    api.dashboard.show = (run) => void opened.push(run);
    try {
      const command = ["-m", "gradsight", "run", "--allow-control", "--pause-on-nonfinite", document.uri.fsPath];
      const execution = new ShellExecution(python, command);
      await tasks.executeTask(new Task({ type: "shell" }, TaskScope.Workspace, "waits", "test", execution, []));
      await when(api.hub.onDidChangeRuns, () => find()?.paused != null);
    } finally {
      api.dashboard.show = opens;
    }
    const run = find()!;
    assert.deepEqual(shown.length, 1, shown.join("\n"));
    assert.match(shown[0]!, /^waits\.py waits for you\. Paused before the update at step 3: /);
    assert.ok(opened.includes(run.id));
    const item = api.runs.getTreeItem(run);
    assert.match(String(item.description), /· paused$/);

    await api.control.proceed(run.id, 3, "skip");
    await when(api.hub.onDidChangeRuns, () => find()?.status === "finished");
    assert.equal(find()!.paused, null);
    assert.equal(shown.length, 1);
    await when(tasks.onDidEndTask, () => tasks.taskExecutions.length === 0);
  });
});
