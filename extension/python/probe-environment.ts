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
export function processEnvironment({ pythonPath, rendezvous }: ProbeEnvironment): Record<string, string> {
  const inherited = process.env.PYTHONPATH;
  return {
    PYTHONPATH: inherited ? `${pythonPath}${delimiter}${inherited}` : pythonPath,
    [RENDEZVOUS_VARIABLE]: rendezvous,
  };
}

/** For every integrated terminal of a trusted workspace, while the setting allows it. */
export function updateTerminals(collection: GlobalEnvironmentVariableCollection, probe: ProbeEnvironment): void {
  collection.clear();
  if (!workspace.isTrusted || !workspace.getConfiguration("gradsight").get("terminal.injectProbe", true)) return;
  collection.description = l10n.t("`python -m gradsight run train.py` records gradient norms for the dashboard.");
  collection.prepend("PYTHONPATH", `${probe.pythonPath}${delimiter}`);
  collection.replace(RENDEZVOUS_VARIABLE, probe.rendezvous);
}
