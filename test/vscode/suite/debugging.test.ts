import assert from "node:assert/strict";
import { basename } from "node:path";
import {
  commands,
  type DebugConfiguration,
  type DebugSession,
  debug,
  Location,
  Position,
  SourceBreakpoint,
  type TextDocument,
} from "vscode";
import type { TestApi } from "../../../extension/test-api.ts";
import { activate, closeAll, folder, script, when, withSetting } from "../editor.ts";

const STEPS = 20;
const TRAIN = `import gradsight

weight = 4.0
for step in range(${STEPS}):
    gradient = 2 * weight
    gradsight.log(step, norm=abs(gradient), loss=weight * weight)
    weight -= 0.1 * gradient
`;
/** Of the first line in the loop, from 0. */
const IN_LOOP = 4;

describe("debugging", () => {
  const python = process.env.GRADSIGHT_DEBUGGING_PYTHON;
  let api: TestApi;
  before(async function () {
    if (!python) this.skip();
    api = await activate();
  });
  afterEach(closeAll);

  const runOf = (document: TextDocument) => api.hub.runs.find((run) => run.script === document.uri.fsPath);

  async function finished(document: TextDocument) {
    await when(api.hub.onDidChangeRuns, () => !["running", undefined].includes(runOf(document)?.status));
    return runOf(document)!;
  }

  it("stops at a breakpoint of the script, sees nothing of the probe, and records all steps", async () => {
    const document = await script("debugged.py", TRAIN);
    const breakpoint = new SourceBreakpoint(new Location(document.uri, new Position(IN_LOOP, 0)));
    debug.addBreakpoints([breakpoint]);
    const stopped = new Promise<{ session: DebugSession; thread: number }>((resolve) => {
      const tracking = debug.registerDebugAdapterTrackerFactory("debugpy", {
        createDebugAdapterTracker: (session) => ({
          onDidSendMessage({ event, body }) {
            if (event !== "stopped") return;
            tracking.dispose();
            resolve({ session, thread: body.threadId });
          },
        }),
      });
    });
    await withSetting("python.interpreter", python, async () => {
      await commands.executeCommand("gradsight.debugWithTelemetry");
    });
    const { session, thread } = await stopped;
    const { stackFrames } = await session.customRequest("stackTrace", { threadId: thread });
    assert.deepEqual(
      stackFrames.map(({ line, source }: { line: number; source: { path: string } }) => [basename(source.path), line]),
      [["debugged.py", IN_LOOP + 1]],
    );
    debug.removeBreakpoints([breakpoint]);
    await session.customRequest("continue", { threadId: thread });
    const run = await finished(document);
    assert.equal(run.status, "finished");
    assert.equal(run.steps, STEPS);
    assert.ok(api.dashboard.isOpen);
  });

  it("records what launch.json starts as a module of ours, wherever its output goes", async () => {
    const document = await script("launched.py", TRAIN);
    const configuration: DebugConfiguration = {
      type: "debugpy",
      request: "launch",
      name: "Train",
      module: "gradsight",
      args: ["run", "launched.py"],
      console: "internalConsole",
      python,
      cwd: folder().fsPath,
    };
    assert.ok(await debug.startDebugging({ uri: folder(), name: "folder", index: 0 }, configuration));
    const run = await finished(document);
    assert.equal(run.steps, STEPS);
    assert.ok(api.dashboard.isOpen);
  });
});
