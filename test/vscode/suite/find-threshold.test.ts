import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  commands,
  extensions,
  type InputBoxOptions,
  type Memento,
  type QuickPickItem,
  type TextDocument,
  tasks,
  Uri,
  window,
} from "vscode";
import { chooseSweep } from "../../../extension/commands/choose-sweep.ts";
import { offer, progressText, type Sweep, sweep } from "../../../extension/commands/find-threshold.ts";
import { findInterpreter } from "../../../extension/python/interpreter.ts";
import { type Come, DEFAULTS, identityOf, SweepMemory } from "../../../extension/runs/sweep-memory.ts";
import type { TestApi } from "../../../extension/test-api.ts";
import { until } from "../../host/until.ts";
import { activate, closeAll, EXTENSION, folder, script } from "../editor.ts";
import { CLIPPED } from "../scripts.ts";

/** Nothing that can be tried: a loop without an optimizer. */
const BY_HAND = `import gradsight

for step in range(5):
    gradsight.log(step, norm=1.0, loss=1.0)
`;

const NOT_BY_HAND =
  "Thresholds of this script can't be tried: nothing can be tried in a loop that logs its steps by hand.";

/** Clips so hard that it learns next to nothing, and diverges where nothing is clipped. */
const TRAINING = `import torch
from torch import nn

torch.set_num_threads(1)
model = nn.Linear(6, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=10.0)
while True:
    inputs = torch.randn(16, 6)
    loss = ((model(inputs) - 3 * inputs.sum(1, keepdim=True)) ** 2).mean()
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), max_norm=0.0001)
    optimizer.step()
`;

/** Says who it is, with a process of its own, and goes on. */
const ENDLESS = `import os, subprocess, sys, time

child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
with open(__file__ + ".new", "w") as pids:
    pids.write(f"{os.getpid()} {child.pid}")
os.rename(__file__ + ".new", __file__ + ".pids")
time.sleep(600)
`;

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** The folders that sweeps work in while they run. */
function left(): string[] {
  const state = process.env.GRADSIGHT_STATE;
  return [
    ...globSync("gradsight-sweep-*", { cwd: tmpdir() }),
    ...(state ? globSync("**/trial-*", { cwd: state }) : []),
  ];
}

/** Gives a command again and again until what it leads to has come: what it is for may not be there yet. */
async function giveUntil(command: string, come: Thenable<unknown>): Promise<void> {
  let over = false;
  const end = () => {
    over = true;
  };
  void come.then(end, end);
  while (!over) {
    await commands.executeCommand(command);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

const LONGER = "Steps of the longer trials that the leader has to pass";

/** The lines of a list, with what stands beside them. */
type Shown = [string, string][];

describe("finding a threshold by trial", function () {
  this.timeout(600_000); // each trial is a process that starts, eleven times with PyTorch in one test
  let api: TestApi;
  const original = window.showWarningMessage;
  let warnings: string[] = [];
  before(async () => {
    api = await activate();
    window.showWarningMessage = ((text: string) => {
      warnings.push(text);
      return Promise.resolve(undefined);
    }) as unknown as typeof original;
  });
  after(() => {
    window.showWarningMessage = original;
  });
  beforeEach(() => {
    warnings = [];
  });
  afterEach(closeAll);

  /** A sweep by the Python that is found without any setting, unless another one is named. */
  async function start(document: TextDocument, more: Partial<Sweep> = {}, came?: (come: Come) => void): Promise<void> {
    const found = await findInterpreter(document.uri);
    assert.ok("ok" in found, JSON.stringify(found));
    const { extensionPath } = extensions.getExtension(EXTENSION)!;
    const probe = { pythonPath: join(extensionPath, "python"), rendezvous: "" };
    return sweep({ script: document, python: found.ok, args: [], options: [], probe, ...more }, api.writer, came);
  }

  /** Answers the list by the lines that begin so, the last time by closing it, and input boxes in turn. */
  async function answering<T>(lines: string[], inputs: string[], work: () => Promise<T>): Promise<[T, Shown[]]> {
    const { showQuickPick, showInputBox } = window;
    const shown: Shown[] = [];
    window.showQuickPick = (async (items: readonly QuickPickItem[]) => {
      shown.push(items.map(({ label, description }) => [label.replace(/^\$\(.*\) /, ""), description ?? ""]));
      const line = lines.shift();
      return line && items.find(({ label }) => label.endsWith(line));
    }) as unknown as typeof showQuickPick;
    window.showInputBox = (async ({ validateInput }: InputBoxOptions) => {
      const wrong = validateInput?.(inputs[0]!);
      return wrong ? undefined : inputs.shift();
    }) as unknown as typeof showInputBox;
    try {
      return [await work(), shown];
    } finally {
      Object.assign(window, { showQuickPick, showInputBox });
    }
  }

  it("runs a sweep of the active script as a task, which ends with the reason where there can be none", async () => {
    await script("by_hand.py", BY_HAND);
    const started = new Promise<string>((resolve) => {
      const subscription = tasks.onDidStartTask(({ execution }) => {
        subscription.dispose();
        resolve(execution.task.name);
      });
    });
    const over = commands.executeCommand("gradsight.findThreshold");
    await giveUntil("workbench.action.acceptSelectedQuickOpenItem", over);
    assert.equal(await started, "thresholds of by_hand.py");
    assert.deepEqual(warnings, [NOT_BY_HAND]);
  });

  it("tries thresholds in real trainings, and writes what wins to the code", async function () {
    const python = process.env.GRADSIGHT_TORCH_PYTHON;
    if (!python) this.skip();
    const document = await script("swept.py", TRAINING);
    const processEnds = new Promise((resolve) => {
      const subscription = tasks.onDidEndTaskProcess(({ exitCode }) => {
        subscription.dispose();
        resolve(exitCode);
      });
    });
    const came: Come[] = [];
    const options = ["--steps", "40", "--thresholds", "0.05,none"];
    const over = start(document, { python, options }, (come) => came.push(come));
    assert.equal(await processEnds, 0);
    await giveUntil("notification.acceptPrimaryAction", over); // only now: before, it is Cancel
    assert.equal(document.getText(), TRAINING.replace("max_norm=0.0001", "max_norm=0.05"));
    assert.ok(came.some(({ done, trials }) => 0 < done && done < trials));
    assert.equal(came.at(-1)?.done, came.at(-1)?.trials);
    assert.deepEqual(warnings, []);
  });

  it("leaves no process and no file of a sweep that is cancelled", async () => {
    const before = left();
    const document = await script("cancelled.py", ENDLESS);
    const over = start(document);
    const pids = `${document.uri.fsPath}.pids`;
    await until("a trial runs", async () => existsSync(pids));
    const processes = readFileSync(pids, "utf8").split(" ").map(Number);
    assert.ok(processes.every(isAlive));
    await giveUntil("notification.acceptPrimaryAction", over);
    await until("all processes have ended", async () => !processes.some(isAlive));
    await until("the task has ended", async () => tasks.taskExecutions.length === 0);
    assert.deepEqual(left(), before);
    assert.deepEqual(warnings, []);
  });

  it("lets thresholds, steps and seeds be chosen in one list, and takes nothing that is none", async () => {
    const lines = ["Thresholds", "Seeds", "Steps of each trial", LONGER, "Start"];
    const choose = () => chooseSweep(DEFAULTS, () => null);
    const [chosen, shown] = await answering(lines, ["0.5,1 , none", "4", "1000", "9000"], choose);
    const options = { thresholds: "0.5, 1, none", steps: 1000, longer: 9000, seeds: 4, jobs: 0 };
    assert.deepEqual(chosen, { options, fresh: false });
    assert.deepEqual(shown[0], [
      ["Start", ""],
      ["Trials", ""],
      ["Thresholds", "0.25 to 4 times the median norm of the script's own training"],
      ["Steps of each trial", "300, or fewer of a short training"],
      [LONGER, "four times as many, or the whole training"],
      ["Seeds", "2"],
      ["Trials at a time", "1 on a GPU, else 2"],
    ]);
    assert.equal(shown.at(-1)?.[2]?.[1], "0.5, 1, none");
    for (const [line, wrong] of [
      ["Thresholds", "0.5, -1"],
      ["Thresholds", "all"],
      ["Seeds", "0"],
      ["Steps of each trial", "1.5"],
      [LONGER, "-1"],
    ])
      assert.deepEqual((await answering([line!, "Start"], [wrong!], choose))[0]?.options, DEFAULTS);
    assert.equal((await answering([], [], choose))[0], null);
  });

  it("tells how many trials are done, and how long the others take, where that is known", () => {
    const text = (left: number | null, more = false) => progressText({ done: 3, trials: 12, left, more });
    const first = "3 of 12 trials done";
    assert.deepEqual(
      [text(null, true), text(0), text(20), text(70), text(350, true), text(9000)],
      [
        first,
        first,
        `${first}, less than a minute left`,
        `${first}, about a minute left`,
        `${first}, about 6 minutes left before any longer trials`,
        `${first}, about 3 hours left`,
      ],
    );
  });

  it("remembers what was chosen, and goes on with trials that are done, or starts anew", async () => {
    const kept = new Map<string, unknown>();
    const memento = {
      get: (key: string) => kept.get(key),
      update: async (key: string, value: unknown) => kept.set(key, JSON.parse(JSON.stringify(value))),
    } as unknown as Memento;
    const uri = Uri.file("/train.py");
    const options = { ...DEFAULTS, thresholds: "0.5, none", seeds: 3 };
    const of = identityOf("text", ["--lr", "1"], "python", options);
    const before = new SweepMemory(memento);
    assert.deepEqual(before.optionsOf(uri), DEFAULTS);
    await before.choose(uri, options);
    await before.came(uri, of, options, { done: 0, trials: 9 });
    const memory = new SweepMemory(memento);
    assert.deepEqual(memory.optionsOf(uri), options);
    assert.equal(memory.progressOf(uri, of, options), null);
    await memory.came(uri, of, options, { done: 4, trials: 9 });
    assert.equal(memory.progressOf(uri, identityOf("another", [], "python", options), options), null);

    const choose = () => chooseSweep(options, (each) => memory.progressOf(uri, of, each));
    const [goesOn, shown] = await answering(["Seeds", "Go On"], ["4"], choose);
    assert.deepEqual(goesOn, { options: { ...options, seeds: 4 }, fresh: false });
    assert.deepEqual(shown[0]?.slice(0, 2), [
      ["Go On", "4 of 9 trials done"],
      ["Start Anew", ""],
    ]);
    assert.deepEqual(shown[1]?.[0], ["Go On", "4 trials done"]);
    assert.deepEqual((await answering(["Start Anew"], [], choose))[0], { options, fresh: true });
    await memory.came(uri, of, options, { done: 9, trials: 9 });
    assert.deepEqual((await answering([], [], choose))[1][0]?.[0], ["Show Results", "9 trials done"]);
  });

  it("ends where Python can't be started", async () => {
    await start(await script("never.py", BY_HAND), { python: join(folder().fsPath, "no-python") });
    assert.deepEqual(warnings, ["The trials could not be started, or were ended from outside."]);
  });

  it("keeps sweeps of two scripts apart, and tries none twice at once", async () => {
    const endless = await script("endless.py", ENDLESS);
    let ended = false;
    const first = start(endless).finally(() => {
      ended = true;
    });
    await until("a trial runs", async () => existsSync(`${endless.uri.fsPath}.pids`));
    await commands.executeCommand("gradsight.findThreshold", endless.uri); // asks nothing
    await start(await script("meanwhile.py", BY_HAND));
    assert.equal(ended, false);
    assert.deepEqual(warnings, [NOT_BY_HAND]);
    tasks.taskExecutions.find(({ task }) => task.definition.script === endless.uri.fsPath)?.terminate();
    await first;
    assert.equal(warnings[1], "The trials could not be started, or were ended from outside.");
  });

  it("writes the winner to the code when the user takes it", async () => {
    const document = await script("winner.py", CLIPPED);
    const line = CLIPPED.split("\n").findIndex((text) => text.includes("clip_grad_norm_")) + 1;
    const clip = { file: document.uri.fsPath, line };
    const losses = { losses: [2, 2.1], steps: 100, clip_rate: 0.5, outcome: "finished" };
    const settings = ["own", "0.43"].map((setting) => ({ setting, threshold: 1, ...losses }));
    const result = {
      settings,
      longer: [],
      winner: "0.43",
      reason: "It is.",
      notes: [],
      training: 1200,
      site: null,
      clip,
    };
    await giveUntil("notification.acceptPrimaryAction", offer(result, document, Date.now() / 1000, api.writer));
    assert.equal(document.getText(), CLIPPED.replace("max_norm=1.0", "max_norm=0.43"));
    assert.ok(document.isDirty);
  });

  it("shows the longer trials apart, with the winner first", async () => {
    const document = await script("shown.py", CLIPPED);
    const lines = (steps: number) =>
      ["own", "0.43"].map((setting) => {
        const threshold = setting === "own" ? 1 : 0.43;
        return { setting, threshold, losses: [2, 2.1], steps, clip_rate: 0.5, outcome: "finished" };
      });
    const told = { winner: "0.43", reason: "It is.", notes: [], training: 1200, site: null, clip: null };
    const result = { settings: lines(300), longer: lines(1200), ...told };
    const { showInformationMessage } = window;
    window.showInformationMessage = (async (_: string, ...actions: string[]) =>
      actions.at(-1)) as unknown as typeof showInformationMessage;
    try {
      const [, shown] = await answering([], [], () => offer(result, document, Date.now() / 1000, api.writer));
      const labels = shown[0]?.map(([label]) => label);
      assert.deepEqual(labels, ["1,200 steps", "0.43", "as it is: 1", "300 of 1,200 steps", "as it is: 1", "0.43"]);
    } finally {
      window.showInformationMessage = showInformationMessage;
    }
  });
});
