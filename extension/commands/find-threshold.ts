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
  QuickPickItemKind,
  Task,
  type TaskExecution,
  TaskRevealKind,
  TaskScope,
  type TextDocument,
  tasks,
  type Uri,
  window,
  workspace,
} from "vscode";
import {
  type SweepProgress,
  type SweepResult,
  type SweptSetting,
  sweepProgress,
  sweepRefusal,
  sweepResult,
} from "../../protocol/sweep.ts";
import type { ThresholdWriter } from "../dashboard/write-threshold.ts";
import { type ProbeEnvironment, processEnvironment } from "../python/probe-environment.ts";
import { stepCount } from "../runs/run-item.ts";
import { type Come, identityOf, type SweepMemory, type SweepOptions } from "../runs/sweep-memory.ts";
import { MODULE } from "../runs/training-process.ts";
import { workingFolder } from "../runs/working-folder.ts";
import { chooseSweep } from "./choose-sweep.ts";
import type { RunContext } from "./run-with-telemetry.ts";
import { chooseScript, interpreter, saved, trusted } from "./script-to-run.ts";

const TASK_TYPE = "gradsight-sweep";
/** The outcome of a setting none of whose trials failed. */
const FINISHED = "finished";

/** @param uri from a menu; without it, the active file */
export async function findThreshold(
  context: RunContext & { readonly sweeps: SweepMemory },
  writer: ThresholdWriter,
  uri?: Uri,
): Promise<void> {
  const { sweeps } = context;
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
  const identity = (options: SweepOptions) => identityOf(script.getText(), args, python, options);
  const come = (options: SweepOptions) => sweeps.progressOf(script.uri, identity(options), options);
  const chosen = await chooseSweep(sweeps.optionsOf(script.uri), come);
  if (chosen === null) return;
  const { options, fresh } = chosen;
  await sweeps.choose(script.uri, options);
  if (!(await saved(script))) return;
  await context.hub.awaitTraining(); // it may know how long the script's own training is
  const of = identity(options);
  const line = commandLine(options, fresh);
  await sweep({ script, python, args, options: line, probe: context.probe }, writer, (come) => {
    void sweeps.came(script.uri, of, options, come);
  });
}

function commandLine({ thresholds, steps, longer, seeds, jobs }: SweepOptions, fresh: boolean): string[] {
  return [
    ...["--seeds", String(seeds)],
    ...(steps ? ["--steps", String(steps)] : []),
    ...(thresholds ? ["--thresholds", thresholds] : []),
    ...(longer ? ["--longer-steps", String(longer)] : []),
    ...(jobs ? ["--jobs", String(jobs)] : []),
    ...(fresh ? ["--fresh"] : []),
  ];
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

/**
 * Runs the trials and offers what comes of them; resolves when the user has answered, or cancelled.
 *
 * @param came is told how many trials are done
 */
export async function sweep(
  sweep: Sweep,
  writer: ThresholdWriter,
  came: (come: Come) => void = () => {},
): Promise<void> {
  const startedAt = Date.now() / 1000;
  const folder = await mkdtemp(join(tmpdir(), "gradsight-sweep-"));
  try {
    const result = join(folder, "result.json");
    const told = join(folder, "progress.json");
    const code = await window.withProgress(
      { location: ProgressLocation.Notification, title: l10n.t("Trying thresholds…"), cancellable: true },
      async (progress, token) => {
        const watched = follow(folder, told, progress, came);
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
    else void window.showWarningMessage(await whyNot(result, code));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function whyNot(result: string, code: number): Promise<string> {
  const told = await readFile(result, "utf8").catch(() => null); // it failed otherwise
  if (told === null) return l10n.t("The trials ended with exit code {0}. Their terminal says why.", code);
  return l10n.t("Thresholds of this script can't be tried: {0}", sweepRefusal(JSON.parse(told)).refused);
}

/** Shows how many trials are done, as the file says. */
function follow(
  folder: string,
  file: string,
  progress: Progress<{ message: string; increment: number }>,
  came: (come: Come) => void,
) {
  let shown = 0;
  let last = "";
  return watch(folder, async () => {
    const told = await readFile(file, "utf8").catch(() => null); // not there yet
    if (told === null) return;
    const now = sweepProgress(JSON.parse(told));
    const { done, trials } = now;
    if (trials === 0) return;
    if (last !== `${done} ${trials}`) came({ done, trials });
    last = `${done} ${trials}`;
    const percent = Math.max(shown, (100 * done) / trials); // longer trials are added once a threshold leads
    progress.report({ message: progressText(now), increment: percent - shown });
    shown = percent;
  });
}

/** Such as "3 of 12 trials done, about 6 minutes left". */
export function progressText({ done, trials, left, more }: SweepProgress): string {
  const trialsDone = l10n.t("{0} of {1} trials done", done, trials);
  if (!left) return trialsDone;
  const minutes = Math.round(left / 60);
  const time =
    minutes < 1
      ? l10n.t("less than a minute left")
      : minutes === 1
        ? l10n.t("about a minute left")
        : minutes < 90
          ? l10n.t("about {0} minutes left", minutes)
          : l10n.t("about {0} hours left", Math.round(left / 3600));
  return more ? l10n.t("{0}, {1} before any longer trials", trialsDone, time) : l10n.t("{0}, {1}", trialsDone, time);
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
  const command = ["-m", MODULE, "sweep", ...options, ...files, fileName, "--", ...args];
  const execution = new ProcessExecution(python, command, {
    cwd: workingFolder(uri, folder),
    env: processEnvironment(probe),
  });
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
async function choose(result: SweepResult, title: string): Promise<number | null> {
  const { settings, longer, winner, training } = result;
  const items = [...group(longer, winner, training), ...group(settings, longer.length > 0 ? null : winner, training)];
  const some = items.some(({ threshold }) => Number.isFinite(threshold));
  const placeHolder = some ? l10n.t("Choose a threshold to write it to the code") : "";
  const chosen = await window.showQuickPick(items, { title, placeHolder, ignoreFocusOut: true });
  return chosen && Number.isFinite(chosen.threshold) ? chosen.threshold : null;
}

/** Trials of as many steps, the winner first. */
function group(lines: readonly SweptSetting[], winner: string | null, training: number | null): Choice[] {
  if (lines.length === 0) return [];
  const steps = Math.max(...lines.map((line) => line.steps));
  const isPart = training !== null && steps < training;
  const label = isPart
    ? l10n.t("{0} of {1} steps", steps.toLocaleString(), training.toLocaleString())
    : stepCount(steps);
  const sorted = lines.toSorted((a, b) => Number(b.setting === winner) - Number(a.setting === winner));
  return [
    { label, kind: QuickPickItemKind.Separator, threshold: Number.NaN },
    ...sorted.map((line) => choice(line, line.setting === winner)),
  ];
}

/** One that failed with a seed can be looked at, and not written. */
function choice(line: SweptSetting, wins: boolean): Choice {
  const failed = line.outcome !== FINISHED;
  const name = line.setting === "own" ? l10n.t("as it is: {0}", line.threshold ?? named("none")) : named(line.setting);
  const clipped = line.clip_rate === null ? "" : l10n.t("clipped {0} % of the steps", Math.round(100 * line.clip_rate));
  return {
    label: `$(${wins ? "star-full" : failed ? "error" : "blank"}) ${name}`,
    description: loss(line),
    detail: [clipped, failed ? line.outcome : ""].filter(Boolean).join(" · "),
    threshold: failed ? Number.NaN : Number(line.setting),
  };
}

function named(setting: string): string {
  return setting === "none" ? l10n.t("no clipping") : setting;
}

function loss({ losses }: SweptSetting): string {
  if (losses.length === 0) return l10n.t("no final loss");
  const mean = losses.reduce((sum, each) => sum + each, 0) / losses.length;
  const spread = (Math.max(...losses) - Math.min(...losses)) / 2;
  const told = Number(mean.toPrecision(5));
  if (losses.length === 1) return l10n.t("loss {0}", told);
  return l10n.t("loss {0} ± {1}", told, Number(spread.toPrecision(2)));
}
