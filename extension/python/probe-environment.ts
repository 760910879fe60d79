/** What a Python process needs in its environment to find the bundled probe, and the probe to find the hub. */
import { delimiter } from "node:path";
import { type ExtensionContext, type GlobalEnvironmentVariableCollection, l10n, Uri, workspace } from "vscode";
import { RENDEZVOUS_FILE, RENDEZVOUS_VARIABLE } from "../../protocol/rendezvous.ts";

export interface ProbeEnvironment {
  /** The folder that holds the package `gradsight`. */
  readonly pythonPath: string;
  readonly rendezvous: string;
}

export function probeEnvironment(context: ExtensionContext, storage: Uri): ProbeEnvironment {
  return {
    pythonPath: Uri.joinPath(context.extensionUri, "python").fsPath,
    rendezvous: Uri.joinPath(storage, RENDEZVOUS_FILE).fsPath,
  };
}

/** For one process that we start. */
export function processEnvironment(probe: ProbeEnvironment): Record<string, string> {
  return {
    PYTHONPATH: [probe.pythonPath, ...othersFolders(probe)].join(delimiter),
    [RENDEZVOUS_VARIABLE]: probe.rendezvous,
  };
}

/** For every integrated terminal of a trusted workspace, while the setting allows it. */
export function updateTerminals(collection: GlobalEnvironmentVariableCollection, probe: ProbeEnvironment): void {
  collection.clear();
  if (!isInjected()) return;
  collection.description = l10n.t("`python -m gradsight run train.py` records gradient norms for the dashboard.");
  collection.prepend("PYTHONPATH", `${probe.pythonPath}${delimiter}`);
  collection.replace(RENDEZVOUS_VARIABLE, probe.rendezvous);
}

/**
 * For the kernels of notebooks, as for terminals. Jupyter's extension starts them with the environment of the extension
 * host, to which VS Code lets nobody contribute but by changing it. At the end of the path, where no other module is hidden.
 */
export function updateKernels(probe: ProbeEnvironment): void {
  const folders = othersFolders(probe);
  if (isInjected()) {
    process.env.PYTHONPATH = [...folders, probe.pythonPath].join(delimiter);
    process.env[RENDEZVOUS_VARIABLE] = probe.rendezvous;
    return;
  }
  if (folders.length > 0) process.env.PYTHONPATH = folders.join(delimiter);
  else delete process.env.PYTHONPATH;
  if (process.env[RENDEZVOUS_VARIABLE] === probe.rendezvous) delete process.env[RENDEZVOUS_VARIABLE];
}

function isInjected(): boolean {
  return workspace.isTrusted && workspace.getConfiguration("gradsight").get("terminal.injectProbe", true);
}

/** What is in the path without us. */
function othersFolders({ pythonPath }: ProbeEnvironment): string[] {
  return process.env.PYTHONPATH?.split(delimiter).filter((folder) => folder !== pythonPath) ?? [];
}
