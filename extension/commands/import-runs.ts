/** "Import Run…": logs of other programs as runs. Where a file's names don't tell its gradient norm, the user does. */
import { basename } from "node:path";
import { CancellationError, FileType, l10n, ProgressLocation, QuickPickItemKind, Uri, window, workspace } from "vscode";
import type { Importable, SourceColumns } from "../../protocol/exchange.ts";
import type { Dashboard } from "../dashboard/dashboard.ts";
import type { HubClient } from "../hub/hub-client.ts";
import { type FoundLog, logsIn } from "./logs-in-folder.ts";
import { withProgress } from "./with-progress.ts";

/** `uri`, `selected`: from a menu; without them the user chooses. */
export async function importRuns(hub: HubClient, dashboard: Dashboard, uri?: Uri, selected?: Uri[]): Promise<void> {
  const chosen = selected?.length ? selected : uri ? [uri] : await choose();
  const files = (
    await Promise.all(chosen.map(async (one) => ((await isFolder(one)) ? chooseInside(one) : [one])))
  ).flat();
  const failed: string[] = [];
  for (const file of files) {
    try {
      const run = await importFile(hub, file);
      if (run !== null) dashboard.show(run);
    } catch (error) {
      if (error instanceof CancellationError) break;
      failed.push((error as Error).message);
    }
  }
  if (failed.length > 0) throw new Error(failed.join(" "));
}

/** A file or a folder: outside of macOS a dialog offers one of the two. */
async function choose(): Promise<readonly Uri[]> {
  const file = {
    label: `$(file) ${l10n.t("Files…")}`,
    detail: l10n.t("trainer_state.json, metrics.csv, a .wandb file, JSON Lines, an event file of TensorBoard"),
    isFolder: false,
  };
  const folder = {
    label: `$(folder) ${l10n.t("A Folder…")}`,
    detail: l10n.t("A run of TensorBoard, or a folder with the runs of any of these programs in it"),
    isFolder: true,
  };
  const title = l10n.t("Import Run");
  const kind = await window.showQuickPick([file, folder], { title, placeHolder: l10n.t("What holds the log?") });
  if (!kind) return [];
  const openLabel = l10n.t("Import");
  const chosen = await window.showOpenDialog(
    kind.isFolder
      ? { title, openLabel, canSelectFolders: true, canSelectFiles: false }
      : {
          title,
          openLabel,
          canSelectMany: true,
          // TensorBoard's event files have no ending of their own.
          filters: {
            [l10n.t("All Files")]: ["*"],
            [l10n.t("Training Logs")]: ["json", "jsonl", "ndjson", "csv", "wandb"],
          },
        },
  );
  return chosen ?? [];
}

async function isFolder(uri: Uri): Promise<boolean> {
  const status = await workspace.fs.stat(uri).then(undefined, () => null); // said when it is read
  return status !== null && (status.type & FileType.Directory) !== 0;
}

/** The logs of a folder that are wanted; where there is but one, that one. */
async function chooseInside(folder: Uri): Promise<Uri[]> {
  const name = basename(folder.fsPath);
  const found = await window.withProgress(
    { location: ProgressLocation.Window, title: l10n.t("Looking for logs in {0}", name) },
    () => logsIn(folder.fsPath),
  );
  if (found.length === 0)
    throw new Error(
      l10n.t(
        "{0} holds no log of TensorBoard, W&B, Hugging Face or Lightning. A log of another name can be chosen as a file.",
        name,
      ),
    );
  const item = ({ path, folder: where, file }: FoundLog) => ({
    label: where === "." ? name : where,
    description: file ?? "TensorBoard",
    path,
  });
  const [only, ...more] = found;
  const wanted =
    more.length === 0
      ? [only!]
      : await window.showQuickPick(found.map(item), {
          title: l10n.t("Import from {0}", name),
          placeHolder: l10n.t("Which of these?"),
          canPickMany: true,
          matchOnDescription: true,
          ignoreFocusOut: true,
        });
  return (wanted ?? []).map(({ path }) => Uri.file(path));
}

/** The run's id; null if the user didn't say what is what. */
async function importFile(hub: HubClient, uri: Uri): Promise<string | null> {
  const file = uri.fsPath;
  const name = basename(file);
  const found = await withProgress(l10n.t("Reading {0}", name), (job) => hub.job("inspect", { file }, job));
  const columns = await columnsOf(found, name);
  if (columns === null) return null;
  const { run, added } = await withProgress(l10n.t("Importing {0}", name), (job) =>
    hub.job("import", { file, columns }, job),
  );
  if (!added) window.setStatusBarMessage(`$(info) ${l10n.t("{0} was imported before.", name)}`, 8000);
  return run;
}

async function columnsOf({ columns, names, norms }: Importable, file: string): Promise<SourceColumns | null> {
  if (columns.norm_pre !== undefined) return columns;
  const others = names.filter((name) => !norms.includes(name) && !Object.values(columns).includes(name));
  const item = (label: string) => ({ label, norm: label as string | null });
  const none = { label: `$(circle-slash) ${l10n.t("None of them")}`, norm: null };
  const choice = await window.showQuickPick(
    [
      ...norms.map(item),
      ...(norms.length > 0 ? [{ label: "", kind: QuickPickItemKind.Separator, norm: null }] : []),
      ...others.map(item),
      ...(Object.keys(columns).length > 0 ? [none] : []),
    ],
    {
      title: l10n.t("Import {0}", file),
      placeHolder: l10n.t("Which of these is the norm of all gradients, before clipping?"),
      ignoreFocusOut: true,
    },
  );
  if (!choice) return null;
  return choice.norm === null ? columns : { ...columns, norm_pre: choice.norm };
}
