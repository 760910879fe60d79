/**
 * A training in the Python debugger. Every session whose module is ours is given what it needs, so that launch.json says no more than
 * `"module": "gradsight", "args": ["run", "train.py"]`.
 */
import { delimiter, resolve } from "node:path";
import {
  type DebugConfiguration,
  type DebugConfigurationProvider,
  extensions,
  l10n,
  type Uri,
  type WorkspaceFolder,
  workspace,
} from "vscode";
import type { HubClient } from "../hub/hub-client.ts";
import { type ProbeEnvironment, processEnvironment } from "../python/probe-environment.ts";
import { splitArguments } from "./command-line.ts";
import { MODULE, trainingProcess } from "./training-process.ts";

/** The type of Python's debug sessions. */
export const DEBUGGER = "debugpy";

/** Whether an extension is installed that has it, Microsoft's or another editor's. */
export function canDebug(): boolean {
  return extensions.all.some(({ packageJSON }) =>
    packageJSON?.contributes?.debuggers?.some?.(({ type }: { type?: unknown }) => type === DEBUGGER),
  );
}

export function debugConfiguration(script: Uri, args: readonly string[], python: string): DebugConfiguration {
  const name = l10n.t("Debug {0} with gradient telemetry", workspace.asRelativePath(script, false));
  const { args: all, cwd } = trainingProcess(script.fsPath, args, workspace.getWorkspaceFolder(script));
  return { type: DEBUGGER, request: "launch", name, module: MODULE, args: all, python, cwd };
}

export class DebuggedTrainings implements DebugConfigurationProvider {
  private readonly probe: ProbeEnvironment;
  private readonly hub: HubClient;

  constructor(probe: ProbeEnvironment, hub: HubClient) {
    this.probe = probe;
    this.hub = hub;
  }

  async resolveDebugConfiguration(
    folder: WorkspaceFolder | undefined,
    configuration: DebugConfiguration,
  ): Promise<DebugConfiguration> {
    if (debuggedScript(configuration, folder) === undefined || !workspace.isTrusted) return configuration;
    await this.hub.awaitTraining();
    const { pythonPath } = this.probe;
    const own = configuration.env?.PYTHONPATH;
    const env = {
      ...processEnvironment(this.probe),
      ...configuration.env,
      ...(own && { PYTHONPATH: `${pythonPath}${delimiter}${own}` }),
    };
    // Nobody steps into the probe, and a pause stops the training, not what the probe still has to send.
    const rules = [...(configuration.rules ?? []), { path: `${pythonPath}/**`, include: false }];
    return { ...configuration, env, rules };
  }
}

/** The absolute path of the script that a session trains; null for a module, undefined for sessions of others. */
export function debuggedScript(
  { type, request, module, args, cwd }: DebugConfiguration,
  folder: WorkspaceFolder | undefined,
): string | null | undefined {
  if (type !== DEBUGGER || request !== "launch" || module !== MODULE) return undefined;
  const words: string[] = typeof args === "string" ? splitArguments(args) : Array.isArray(args) ? args.map(String) : [];
  const [command, ...rest] = words;
  if (command !== "run") return undefined;
  const first = rest.find((word, i) => word === "-m" || (!word.startsWith("-") && rest[i - 1] !== "--name"));
  return first === undefined || first === "-m" ? null : resolve(folder?.uri.fsPath ?? "", cwd ?? "", first);
}
