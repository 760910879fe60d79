/**
 * A training run as a VS Code task of type "gradsight": the user sees its output, stops it with Ctrl-C, runs it again
 * with "Rerun Last Task", and may keep it in tasks.json.
 */
import { resolve } from "node:path";
import {
  l10n,
  ProcessExecution,
  Task,
  type TaskDefinition,
  TaskPanelKind,
  type TaskProvider,
  TaskRevealKind,
  TaskScope,
  Uri,
  type WorkspaceFolder,
  workspace,
} from "vscode";
import { findInterpreter } from "../python/interpreter.ts";
import { type ProbeEnvironment, processEnvironment } from "../python/probe-environment.ts";
import { MODULE, trainingProcess } from "./training-process.ts";

export const TASK_TYPE = "gradsight";

export interface TrainingDefinition extends TaskDefinition {
  readonly type: typeof TASK_TYPE;
  readonly script: string;
  readonly args?: readonly string[];
}

export function trainingTask(script: Uri, args: readonly string[], python: string, probe: ProbeEnvironment): Task {
  const folder = workspace.getWorkspaceFolder(script);
  const name = folder ? workspace.asRelativePath(script, false) : script.path.slice(script.path.lastIndexOf("/") + 1);
  const definition: TrainingDefinition = { type: TASK_TYPE, script: folder ? name : script.fsPath, args };
  return build(definition, folder ?? TaskScope.Workspace, name, script.fsPath, python, probe);
}

/** The script that a task trains, as an absolute path; null for the tasks of others. */
export function scriptOf({ definition, scope }: Task): string | null {
  if (definition.type !== TASK_TYPE || typeof definition.script !== "string") return null;
  const folder = typeof scope === "object" ? scope : workspace.workspaceFolders?.[0];
  return resolve(folder?.uri.fsPath ?? "", definition.script);
}

/** Completes tasks that the user wrote into tasks.json or runs again after a reload. */
export class TrainingTasks implements TaskProvider {
  private readonly probe: ProbeEnvironment;

  constructor(probe: ProbeEnvironment) {
    this.probe = probe;
  }

  provideTasks(): Task[] {
    return []; // Which file is a training script is for the user to say.
  }

  async resolveTask(task: Task): Promise<Task | undefined> {
    const script = scriptOf(task);
    if (!workspace.isTrusted || script === null) return undefined;
    const python = await findInterpreter(Uri.file(script));
    if ("err" in python) throw new Error(python.err);
    // VS Code wants the very definition that it asked about.
    const definition = task.definition as TrainingDefinition;
    return build(definition, task.scope ?? TaskScope.Workspace, task.name, script, python.ok, this.probe);
  }
}

function build(
  definition: TrainingDefinition,
  scope: WorkspaceFolder | TaskScope.Global | TaskScope.Workspace,
  name: string,
  script: string,
  python: string,
  probe: ProbeEnvironment,
): Task {
  const { args, cwd } = trainingProcess(script, definition.args ?? [], typeof scope === "object" ? scope : undefined);
  const env = processEnvironment(probe);
  const execution = new ProcessExecution(python, ["-m", MODULE, ...args], { cwd, env });
  const task = new Task(definition, scope as WorkspaceFolder, name, "Gradsight", execution, []);
  task.detail = l10n.t("Runs the script and records its gradient norms");
  task.presentationOptions = {
    reveal: TaskRevealKind.Always,
    panel: TaskPanelKind.Dedicated,
    focus: false,
    clear: true,
    showReuseMessage: true,
  };
  return task;
}
