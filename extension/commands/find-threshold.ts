/** "Find Threshold by Trial": a sweep of the script as a task, whose outcome can be written to the code. */
import { watch } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type CancellationToken,
  l10n,
  ProcessExecution,
  type Progress,
  ProgressLocation,
  type QuickPickItem,
  Task,
  type TaskExecution,
  TaskRevealKind,
  TaskScope,
  type TextDocument,
  tasks,
  Uri,
  window,
  workspace,
} from "vscode";
import { type SweepResult, type SweptSetting, sweepProgress, sweepResult } from "../../protocol/sweep.ts";
import type { ThresholdWriter } from "../dashboard/write-threshold.ts";
import { type ProbeEnvironment, processEnvironment } from "../python/probe-environment.ts";
import { chooseScript, interpreter, type RunContext, trusted } from "./run-with-telemetry.ts";

const TASK_TYPE = "gradsight-sweep";
const STEPS = [100, 300, 1000];

/** @param uri from a menu; without it, the active file */
export async function findThreshold(context: RunContext, writer: ThresholdWriter, uri?: Uri): Promise<void> {
  const script = await chooseScript(uri);
  if (!script || !(await trusted())) return;
  if (isTried(script)) {
    void window.showInformationMessage(l10n.t("Thresholds of {0} are being tried already.", script.fileName));
    return;
  }
  const python = await interpreter(script.uri);
  if (!python) return;
  const args = await context.args.of(script.uri);
  if (!args) return;
  const steps = await chooseSteps();
  if (steps === null) return;
  if (script.isDirty && !(await script.save())) {
    void window.showErrorMessage(l10n.t("{0} could not be saved, so it was not run.", script.fileName));
    return;
  }
  const options = ["--steps", String(steps)];
  await sweep({ script, python, args, options, probe: context.probe }, writer);
}

export interface Sweep {
  readonly script: TextDocument;
  readonly python: string;
  /** Of the script. */
  readonly args: readonly string[];
  /** Of the sweep: `python -m gradsight sweep --help`. */
  readonly options: readonly string[];
  readonly probe: ProbeEnvironment;
}

/** Runs the trials and offers what comes of them; resolves when the user has answered, or cancelled. */
export async function sweep(sweep: Sweep, writer: ThresholdWriter): Promise<void> {
  const startedAt = Date.now() / 1000;
  const folder = await mkdtemp(join(tmpdir(), "gradsight-sweep-"));
  try {
    const result = join(folder, "result.json");
    const told = join(folder, "progress.json");
    const code = await window.withProgress(
      { location: ProgressLocation.Notification, title: l10n.t("Trying thresholds…"), cancellable: true },
      async (progress, token) => {
        const watched = follow(folder, told, progress);
        try {
          return await run(sweepTask(sweep, ["--write", result, "--progress", told]), token);
        } finally {
          watched.close();
        }
      },
    );
    if (code === "cancelled") return;
    if (code === 0)
      await offer(sweepResult(JSON.parse(await readFile(result, "utf8"))), sweep.script, startedAt, writer);
    else if (code === null)
      void window.showWarningMessage(l10n.t("The trials could not be started, or were ended from outside."));
    else void window.showWarningMessage(l10n.t("The trials ended with exit code {0}. Their terminal says why.", code));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Shows how many trials are done, as the file says. */
function follow(folder: string, file: string, progress: Progress<{ message: string; increment: number }>) {
  let shown = 0;
  return watch(folder, async () => {
    const told = await readFile(file, "utf8").catch(() => null); // not there yet
    if (told === null) return;
    const { done, trials } = sweepProgress(JSON.parse(told));
    if (trials === 0) return;
    const percent = (100 * done) / trials;
    progress.report({ message: l10n.t("{0} of {1} trials done", done, trials), increment: percent - shown });
    shown = percent;
  });
}

async function chooseSteps(): Promise<number | null> {
  const items = STEPS.map((steps) => ({ steps, label: l10n.t("{0} steps", steps) }));
  const placeHolder = l10n.t(
    "Steps of each trial. The script is run several times, and writes each time what it writes.",
  );
  return (await window.showQuickPick(items, { title: l10n.t("Find Threshold by Trial"), placeHolder }))?.steps ?? null;
}

/** Not a second time: VS Code would ask whether to restart the task, and the first sweep would end as the second. */
function isTried({ uri }: TextDocument): boolean {
  return tasks.taskExecutions.some(
    ({ task: { definition } }) => definition.type === TASK_TYPE && definition.script === uri.fsPath,
  );
}

function sweepTask({ script, python, args, options, probe }: Sweep, files: readonly string[]): Task {
  const { uri, fileName } = script;
  const folder = workspace.getWorkspaceFolder(uri);
  const cwd = (folder ?? workspace.workspaceFolders?.[0])?.uri.fsPath ?? Uri.joinPath(uri, "..").fsPath;
  const command = ["-m", "gradsight", "sweep", ...options, ...files, fileName, "--", ...args];
  const execution = new ProcessExecution(python, command, { cwd, env: processEnvironment(probe) });
  const name = l10n.t("thresholds of {0}", workspace.asRelativePath(uri, false));
  // VS Code tells tasks apart by their definitions.
  const definition = { type: TASK_TYPE, script: uri.fsPath };
  const task = new Task(definition, folder ?? TaskScope.Workspace, name, "Gradsight", execution, []);
  task.presentationOptions = { reveal: TaskRevealKind.Always, focus: false, clear: true };
  return task;
}

/**
 * The exit code; null where the process could not be started or its terminal was closed. A process that fails at once may
 * end before `executeTask` resolves, and that resolves for a task that never starts, too: so ends are watched from before
 * it on, and a cancelled sweep waits for nothing.
 */
async function run(task: Task, token: CancellationToken): Promise<number | "cancelled" | null> {
  const codes = new Map<TaskExecution, number | null>();
  let look = () => {};
  const ended = (execution: TaskExecution, code: number | null) => {
    codes.set(execution, codes.get(execution) ?? code);
    look();
  };
  const subscriptions = [
    tasks.onDidEndTaskProcess(({ execution, exitCode }) => ended(execution, exitCode ?? null)),
    tasks.onDidEndTask(({ execution }) => ended(execution, null)),
  ];
  try {
    const execution = await tasks.executeTask(task);
    return await new Promise((resolve) => {
      look = () => {
        const code = codes.get(execution);
        if (code !== undefined) resolve(code);
      };
      const cancel = () => {
        execution.terminate();
        resolve("cancelled");
      };
      if (token.isCancellationRequested) cancel();
      subscriptions.push(token.onCancellationRequested(cancel));
      look();
    });
  } finally {
    for (const subscription of subscriptions) subscription.dispose();
  }
}

interface Choice extends QuickPickItem {
  readonly threshold: number;
}

/** Shows the outcome; what the user takes of it is written to the code. */
export async function offer(
  result: SweepResult,
  script: TextDocument,
  startedAt: number,
  writer: ThresholdWriter,
): Promise<void> {
  const winner = result.winner === null ? null : Number(result.winner);
  const write = l10n.t("Write to code");
  const all = l10n.t("Show Results");
  const actions = winner !== null && Number.isFinite(winner) ? [write, all] : [all];
  const verdict =
    result.winner === null
      ? result.reason
      : l10n.t("{0} is the better threshold. {1}", named(result.winner), result.reason);
  const answer = await window.showInformationMessage([verdict, ...result.notes].join(" "), ...actions);
  const threshold = answer === write ? winner : answer === all ? await choose(result, verdict) : null;
  if (threshold === null) return;
  const place = { site: result.site, clip: result.clip, script: script.fileName, startedAt };
  const outcome = await writer.writeAt(place, threshold);
  if ("err" in outcome) void window.showWarningMessage(outcome.err);
}

/** The results, each of which can be written to the code; null: none is wanted. */
async function choose({ settings }: SweepResult, title: string): Promise<number | null> {
  const items: Choice[] = settings.map((line) => ({
    label: line.setting === "own" ? l10n.t("as it is: {0}", line.threshold ?? named("none")) : named(line.setting),
    description: loss(line),
    detail: [
      line.clip_rate === null ? "" : l10n.t("clipped {0} % of the steps", Math.round(100 * line.clip_rate)),
      line.outcome,
    ]
      .filter(Boolean)
      .join(" · "),
    threshold: Number(line.setting),
  }));
  const placeHolder = l10n.t("Choose a threshold to write it to the code");
  const chosen = await window.showQuickPick(items, { title, placeHolder, ignoreFocusOut: true });
  return chosen && Number.isFinite(chosen.threshold) ? chosen.threshold : null;
}

function named(setting: string): string {
  return setting === "none" ? l10n.t("no clipping") : setting;
}

function loss({ losses }: SweptSetting): string {
  if (losses.length === 0) return l10n.t("no final loss");
  const mean = losses.reduce((sum, each) => sum + each, 0) / losses.length;
  const spread = (Math.max(...losses) - Math.min(...losses)) / 2;
  return l10n.t("loss {0} ± {1}", Number(mean.toPrecision(5)), Number(spread.toPrecision(2)));
}
