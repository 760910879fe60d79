import assert from "node:assert/strict";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { commands, ShellExecution, Task, TaskScope, tasks, window, workspace } from "vscode";
import type { TestApi } from "../../../extension/test-api.ts";
import type { RunSummary } from "../../../protocol/viewer.ts";
import { activate, closeAll, folder, script, when } from "../editor.ts";

const STEPS = 60;
/** Really trains, with nothing but Python: gradient descent on one weight. */
const TRAIN = `import random, sys
import gradsight

random.seed(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
weight = 0.0
for step in range(${STEPS}):
    x = random.gauss(0, 1)
    error = weight * x - 3 * x
    gradient = 2 * error * x
    gradsight.log(step, norm=abs(gradient), loss=error * error)
    weight -= 0.05 * gradient
print("weight", weight)
`;

describe("runs", () => {
  let api: TestApi;
  before(async () => {
    api = await activate();
  });
  afterEach(closeAll);

  /** Starts a script, by command unless told how, and waits for the end of its run and of its task. */
  async function run(
    name: string,
    text = TRAIN,
    start: () => Thenable<unknown> = () => commands.executeCommand("gradsight.runWithTelemetry"),
  ): Promise<RunSummary> {
    const document = await script(name, text);
    const before = new Set((await api.hub.refresh()).map(({ id }) => id));
    const find = () => api.hub.runs.find((one) => !before.has(one.id) && one.script === document.uri.fsPath);
    await start();
    await when(api.hub.onDidChangeRuns, () => !["running", undefined].includes(find()?.status));
    // The run ends a little before its process, and VS Code asks before it starts a task that is still active.
    await when(tasks.onDidEndTask, () => tasks.taskExecutions.length === 0);
    return find()!;
  }

  it("records a script that is run as a task, and opens the dashboard", async () => {
    const recorded = await run("train.py");
    assert.equal(recorded.status, "finished");
    assert.equal(recorded.steps, STEPS);
    const [first] = await api.runs.getChildren();
    assert.equal(first?.id, recorded.id);
    const item = api.runs.getTreeItem(first!);
    assert.match(String(item.description), /^60 steps/);
    assert.ok(api.dashboard.isOpen);
  });

  it("makes a run of its own when the task is run again", async () => {
    const first = await run("again.py");
    const again = await run("again.py", TRAIN, () => commands.executeCommand("workbench.action.tasks.reRunTask"));
    assert.notEqual(again.id, first.id);
    assert.equal(again.steps, STEPS);
  });

  it("completes a task of tasks.json that names only the script", async () => {
    const task = { label: "train", type: "gradsight", script: "named.py", args: ["3"] };
    await workspace.getConfiguration("tasks").update("version", "2.0.0", false);
    await workspace.getConfiguration("tasks").update("tasks", [task], false);
    const start = () => commands.executeCommand("workbench.action.tasks.runTask", task.label);
    const recorded = await run("named.py", TRAIN, start);
    assert.deepEqual((await api.hub.run(recorded.id)).args, ["3"]);
  });

  it("passes the arguments of the setting", async () => {
    await workspace.getConfiguration("gradsight", folder()).update("run.arguments", ["7"], false);
    try {
      const detail = await api.hub.run((await run("arguments.py")).id);
      assert.deepEqual(detail.args, ["7"]);
    } finally {
      await workspace.getConfiguration("gradsight", folder()).update("run.arguments", undefined, false);
    }
  });

  for (const [section, name] of [
    ["gradsight", "run.inScriptFolder"],
    ["python", "terminal.executeInFileDir"],
  ] as const)
    it(`runs a script where it lies with ${section}.${name}`, async () => {
      await mkdir(join(folder().fsPath, "deep"), { recursive: true });
      const text = `from pathlib import Path\nassert Path("beside.py").exists()\n${TRAIN}`;
      const configuration = workspace.getConfiguration(section, folder());
      await configuration.update(name, true, false);
      try {
        const recorded = await run("deep/beside.py", text);
        assert.equal(recorded.status, "finished");
        assert.match(String(api.runs.getTreeItem(recorded).description), /^deep · 60 steps/);
      } finally {
        await configuration.update(name, undefined, false);
      }
    });

  it("runs what is in the editor, saved first", async () => {
    const document = await script("unsaved.py", "import gradsight\n");
    await window.activeTextEditor!.edit((edit) =>
      edit.insert(document.lineAt(1).range.end, "gradsight.log(0, norm=1.0)\n"),
    );
    assert.ok(document.isDirty);
    const known = new Set((await api.hub.refresh()).map(({ id }) => id));
    await commands.executeCommand("gradsight.runWithTelemetry");
    const find = () => api.hub.runs.find(({ id }) => !known.has(id));
    await when(api.hub.onDidChangeRuns, () => find()?.steps === 1);
    assert.ok(!document.isDirty);
  });

  it("keeps the steps up to a crash, and says that it failed", async () => {
    const recorded = await run("crash.py", `${TRAIN}raise RuntimeError("out of data")\n`);
    assert.equal(recorded.status, "failed");
    assert.equal(recorded.steps, STEPS);
    assert.match((await api.hub.run(recorded.id)).error ?? "", /out of data/);
  });

  it("renames and deletes a run", async () => {
    const { id } = await run("renamed.py");
    await api.hub.request("rename", { run: id, name: "The good one" });
    await when(api.hub.onDidChangeRuns, () => api.hub.runs.some((one) => one.id === id && one.name === "The good one"));
    await api.hub.request("delete", { run: id });
    await when(api.hub.onDidChangeRuns, () => api.hub.runs.every((one) => one.id !== id));
  });

  it("gives terminals and tasks what the probe needs", async () => {
    const out = `${folder().fsPath}/environment.txt`;
    const program = `import gradsight, os, sys; open(sys.argv[1], "w").write(gradsight.__file__ + "\\n" + os.environ["GRADSIGHT_RENDEZVOUS"])`;
    const execution = new ShellExecution("python3", ["-c", program, out]);
    const task = await tasks.executeTask(
      new Task({ type: "shell" }, TaskScope.Workspace, "environment", "test", execution, []),
    );
    await new Promise<void>((resolve) => {
      const subscription = tasks.onDidEndTaskProcess((event) => {
        if (event.execution !== task) return;
        subscription.dispose();
        resolve();
      });
    });
    const [probe, rendezvous] = (await readFile(out, "utf8")).split("\n");
    assert.match(probe!, /python[\\/]gradsight[\\/]__init__\.py$/);
    assert.equal(JSON.parse(await readFile(rendezvous!, "utf8")).protocol, 1);
  });

  it("comes back when the language server is killed", async () => {
    await api.hub.refresh();
    process.kill(api.server.processId!);
    await when(api.hub.socket.onDidChangeStatus, () => api.hub.socket.status.state !== "connected");
    await when(api.hub.socket.onDidChangeStatus, () => api.hub.socket.status.state === "connected");
    assert.ok((await api.hub.refresh()).length > 0);
  });
});
