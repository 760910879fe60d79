/** "Import Run…": logs of other programs as runs. Where a file's names don't tell its gradient norm, the user does. */
import { basename } from "node:path";
import { CancellationError, l10n, QuickPickItemKind, type Uri, window } from "vscode";
import type { Importable, SourceColumns } from "../../protocol/exchange.ts";
import type { Dashboard } from "../dashboard/dashboard.ts";
import type { HubClient } from "../hub/hub-client.ts";
import { withProgress } from "./with-progress.ts";

/** `uri`, `selected`: from a menu; without them the user chooses. */
export async function importRuns(hub: HubClient, dashboard: Dashboard, uri?: Uri, selected?: Uri[]): Promise<void> {
  const files = selected?.length ? selected : uri ? [uri] : await chooseFiles();
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

async function chooseFiles(): Promise<readonly Uri[]> {
  const chosen = await window.showOpenDialog({
    title: l10n.t("Import Run"),
    openLabel: l10n.t("Import"),
    canSelectMany: true,
    // TensorBoard's event files have no ending of their own.
    filters: {
      [l10n.t("All Files")]: ["*"],
      [l10n.t("Training Logs")]: ["json", "jsonl", "ndjson", "csv", "wandb"],
    },
  });
  return chosen ?? [];
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
