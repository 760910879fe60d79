/** Which Python runs the user's script, and whether it will do. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, isAbsolute, join } from "node:path";
import { type Event, EventEmitter, extensions, l10n, type Uri, workspace } from "vscode";
import { parsePythonVersion } from "./version.ts";

export type Interpreter = { ok: string } | { err: string };

/**
 * The interpreter for a script: the setting; else the Python extension's choice; else `.venv` of the workspace folder;
 * else `python3` or `python` on the PATH. The first that there is must be Python 3.9 or newer: falling through to
 * another one would run the script where its packages are not.
 */
export async function findInterpreter(script: Uri): Promise<Interpreter> {
  const folder = workspace.getWorkspaceFolder(script)?.uri.fsPath ?? null;
  const candidate = (await selectedInterpreter(script)) ?? fromVenv(folder) ?? fromPath() ?? null;
  if (candidate === null)
    return { err: l10n.t("No Python was found. Install Python 3.9 or newer, or say where it is.") };
  return check(candidate);
}

/** What the user chose for a script, here or in the Python extension; unchecked, and null where nothing is chosen. */
export async function selectedInterpreter(script: Uri): Promise<string | null> {
  const folder = workspace.getWorkspaceFolder(script)?.uri.fsPath ?? null;
  return fromSetting(script, folder) ?? (await fromPythonExtension(script));
}

function fromSetting(script: Uri, folder: string | null): string | null {
  const value = workspace.getConfiguration("gradsight", script).get<string>("python.interpreter", "").trim();
  if (!value) return null;
  const path = value
    // biome-ignore lint/suspicious/noTemplateCurlyInString: VS Code's own variable, as users write it in settings
    .replaceAll("${workspaceFolder}", folder ?? "")
    .replace(/^~(?=$|[\\/])/, homedir().replaceAll("$", "$$$$"));
  if (isAbsolute(path) || !/[\\/]/.test(path)) return path;
  return folder === null ? path : join(folder, path);
}

/** The part of the Python extension's public API that is used. */
interface PythonExtension {
  environments?: {
    getActiveEnvironmentPath(resource: Uri): { path: string };
    resolveEnvironment(path: { path: string }): Promise<{ executable: { uri?: Uri } } | undefined>;
    onDidChangeActiveEnvironmentPath?: Event<unknown>;
  };
}

const selected = new EventEmitter<void>();
/** The user chose another interpreter in the Python extension. */
export const onDidSelectInterpreter = selected.event;
let followed: PythonExtension["environments"];

async function fromPythonExtension(script: Uri): Promise<string | null> {
  try {
    const api: PythonExtension | undefined = await extensions.getExtension("ms-python.python")?.activate();
    if (api?.environments && api.environments !== followed) {
      followed = api.environments;
      followed.onDidChangeActiveEnvironmentPath?.(() => selected.fire());
    }
    const active = api?.environments?.getActiveEnvironmentPath(script);
    if (!active) return null;
    return (await api?.environments?.resolveEnvironment(active))?.executable.uri?.fsPath ?? null;
  } catch {
    return null; // Another extension's failure is not ours to report; there are further places to look.
  }
}

function fromVenv(folder: string | null): string | null {
  if (folder === null) return null;
  const places = [join(folder, ".venv", "bin", "python"), join(folder, ".venv", "Scripts", "python.exe")];
  return places.find((path) => existsSync(path)) ?? null;
}

function fromPath(): string | null {
  const names = process.platform === "win32" ? ["python.exe", "python3.exe"] : ["python3", "python"];
  const folders = (process.env.PATH ?? "").split(delimiter).filter(Boolean);
  for (const name of names) for (const folder of folders) if (existsSync(join(folder, name))) return join(folder, name);
  return null;
}

function check(python: string): Promise<Interpreter> {
  return new Promise((resolve) => {
    execFile(python, ["--version"], { timeout: 15_000, windowsHide: true }, (error, stdout, stderr) => {
      const version = parsePythonVersion(`${stdout}${stderr}`);
      if (version === null) {
        const reason = (error as NodeJS.ErrnoException | null)?.code === "ENOENT" ? l10n.t("no such file") : null;
        resolve({
          err: reason
            ? l10n.t("{0} can't be used as Python: {1}.", python, reason)
            : l10n.t("{0} can't be used as Python: it does not answer to --version.", python),
        });
      } else if (version.major !== 3 || version.minor < 9) {
        resolve({
          err: l10n.t("{0} is Python {1}.{2}; 3.9 or newer is needed.", python, version.major, version.minor),
        });
      } else resolve({ ok: python });
    });
  });
}
