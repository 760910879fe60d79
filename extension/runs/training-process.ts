/** The process that a recorded training is, however it is started. */
import { Uri, type WorkspaceFolder, workspace } from "vscode";
import { workingFolder } from "./working-folder.ts";

/** What Python is to run as `-m`. */
export const MODULE = "gradsight";

export interface TrainingProcess {
  /** Of the module. */
  readonly args: readonly string[];
  readonly cwd: string;
}

/**
 * @param script absolute path
 * @param folder that the script belongs to; undefined for one outside of the workspace
 */
export function trainingProcess(
  script: string,
  args: readonly string[],
  folder: WorkspaceFolder | undefined,
): TrainingProcess {
  const file = Uri.file(script);
  const allowed = workspace.getConfiguration("gradsight", file).get<boolean>("run.allowControl", false);
  const options = allowed ? ["--allow-control"] : [];
  return { args: ["run", ...options, script, ...args], cwd: workingFolder(file, folder) };
}
