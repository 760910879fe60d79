import assert from "node:assert/strict";
import { commands, tasks } from "vscode";
import { offer } from "../../../extension/commands/find-threshold.ts";
import type { TestApi } from "../../../extension/test-api.ts";
import { activate, closeAll, script } from "../editor.ts";
import { CLIPPED } from "../scripts.ts";

/** Nothing that can be tried: a loop without an optimizer. */
const BY_HAND = `import gradsight

for step in range(5):
    gradsight.log(step, norm=1.0, loss=1.0)
`;

/** The exit code of the sweep that is started next. */
function sweepEnds(): Promise<number | undefined> {
  return new Promise((resolve) => {
    const subscription = tasks.onDidEndTaskProcess(({ execution, exitCode }) => {
      if (execution.task.definition.type !== "gradsight-sweep") return;
      subscription.dispose();
      resolve(exitCode);
    });
  });
}

/** Gives a command again and again until what it leads to has come: what it is for may not be there yet. */
async function giveUntil(command: string, come: Promise<unknown>): Promise<void> {
  let over = false;
  void come.finally(() => {
    over = true;
  });
  while (!over) {
    await commands.executeCommand(command);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

describe("finding a threshold by trial", () => {
  let api: TestApi;
  before(async () => {
    api = await activate();
  });
  afterEach(closeAll);

  it("runs a sweep of the active script as a task, which ends with the reason where there can be none", async () => {
    await script("by_hand.py", BY_HAND);
    const exit = sweepEnds();
    const started = new Promise<string>((resolve) => {
      const subscription = tasks.onDidStartTask(({ execution }) => {
        subscription.dispose();
        resolve(execution.task.name);
      });
    });
    void commands.executeCommand("gradsight.findThreshold");
    await giveUntil("workbench.action.acceptSelectedQuickOpenItem", exit);
    assert.equal(await started, "thresholds of by_hand.py");
    assert.equal(await exit, 1);
  });

  it("writes the winner to the code when the user takes it", async () => {
    const document = await script("winner.py", CLIPPED);
    const line = CLIPPED.split("\n").findIndex((text) => text.includes("clip_grad_norm_")) + 1;
    const clip = { file: document.uri.fsPath, line };
    const losses = { losses: [2, 2.1], steps: 100, clip_rate: 0.5, outcome: "finished" };
    const settings = ["own", "0.43"].map((setting) => ({ setting, threshold: 1, ...losses }));
    const result = { settings, winner: "0.43", reason: "It is.", notes: [], site: null, clip };
    await giveUntil("notification.acceptPrimaryAction", offer(result, document, Date.now() / 1000, api.writer));
    assert.equal(document.getText(), CLIPPED.replace("max_norm=1.0", "max_norm=0.43"));
    assert.ok(document.isDirty);
  });
});
