/** "Run with Gradient Telemetry": the script as it is, as a task, with the dashboard beside it. */
import { tasks, type Uri } from "vscode";
import type { HubClient } from "../hub/hub-client.ts";
import type { ProbeEnvironment } from "../python/probe-environment.ts";
import type { ScriptArguments } from "../runs/script-arguments.ts";
import { trainingTask } from "../runs/training-task.ts";
import { scriptToRun } from "./script-to-run.ts";

export interface RunContext {
  readonly hub: HubClient;
  readonly probe: ProbeEnvironment;
  readonly args: ScriptArguments;
}

/** @param uri from a menu; without it, the active file */
export async function runWithTelemetry(context: RunContext, uri?: Uri): Promise<void> {
  const run = await scriptToRun(context.args, uri);
  if (!run) return;
  await context.hub.awaitTraining();
  await tasks.executeTask(trainingTask(run.script, run.args, run.python, context.probe));
}
