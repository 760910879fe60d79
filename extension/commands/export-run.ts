/** "Export Run…": into a file that the user chooses, and nowhere else. */
import { basename } from "node:path";
import { l10n, Uri, window, workspace } from "vscode";
import type { ExportFormat } from "../../protocol/exchange.ts";
import type { RunSummary } from "../../protocol/viewer.ts";
import type { HubClient } from "../hub/hub-client.ts";
import { withProgress } from "./with-progress.ts";

interface Choice {
  readonly label: string;
  readonly detail: string;
  readonly format: ExportFormat;
  /** null: TensorBoard goes by the beginning of the name instead. */
  readonly ending: string | null;
}

const choices = (): Choice[] => [
  {
    label: "CSV",
    detail: l10n.t("A table with a line for each step; without layers, notes, and rates of further parameter groups."),
    format: "csv",
    ending: "csv",
  },
  {
    label: "JSON Lines",
    detail: l10n.t("All that was recorded, with layers, notes and code; an import gives the same run again."),
    format: "json-lines",
    ending: "jsonl",
  },
  {
    label: l10n.t("TensorBoard event file"),
    detail: l10n.t("Scalars and layers, in single precision."),
    format: "tensorboard",
    ending: null,
  },
  {
    label: "safetensors",
    detail: l10n.t("Columns of numbers and layers, for NumPy and PyTorch; without notes."),
    format: "safetensors",
    ending: "safetensors",
  },
];

export async function exportRun(hub: HubClient, id: string): Promise<void> {
  const run = hub.runs.find((candidate) => candidate.id === id);
  if (!run) throw new Error(l10n.t("There is no such run; it may have been deleted."));
  const title = l10n.t("Export {0}", run.name);
  const choice = await window.showQuickPick(choices(), { title, placeHolder: l10n.t("Choose a format") });
  if (!choice) return;
  const folder = workspace.workspaceFolders?.[0]?.uri;
  const name = fileName(run, choice);
  const target = await window.showSaveDialog({
    title,
    saveLabel: l10n.t("Export"),
    defaultUri: folder ? Uri.joinPath(folder, name) : Uri.file(name),
    ...(choice.ending && { filters: { [choice.label]: [choice.ending] } }),
  });
  if (!target) return;
  await writeRun(hub, run, choice.format, target);
}

export async function writeRun(
  hub: HubClient,
  { id, name }: RunSummary,
  format: ExportFormat,
  target: Uri,
): Promise<void> {
  if (target.scheme !== "file") throw new Error(l10n.t("A run can be exported to a file on disk only."));
  await withProgress(l10n.t("Exporting {0}", name), (job) =>
    hub.job("export", { run: id, format, file: target.fsPath }, job),
  );
  window.setStatusBarMessage(`$(check) ${l10n.t("Exported {0} to {1}.", name, basename(target.fsPath))}`, 8000);
}

function fileName({ name, startedAt }: RunSummary, { ending }: Choice): string {
  const plain = name.replace(/\.py$/, "").replace(/[^\p{L}\p{N}._-]+/gu, "-") || "run";
  return ending ? `${plain}.${ending}` : `events.out.tfevents.${Math.floor(startedAt)}.${plain}`;
}
