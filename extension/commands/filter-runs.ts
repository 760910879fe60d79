import { l10n, window } from "vscode";
import type { HubClient } from "../hub/hub-client.ts";
import { knownTags, type RunFilter } from "../runs/run-filter.ts";
import type { RunsView } from "../runs/runs-view.ts";

export async function filterRuns(hub: HubClient, view: RunsView): Promise<void> {
  const tags = knownTags(hub.runs);
  const items: { label: string; filter: RunFilter }[] = [
    { label: `$(list-unordered) ${l10n.t("All runs")}`, filter: null },
    { label: `$(star-full) ${l10n.t("Starred runs")}`, filter: "starred" },
    ...tags.map((tag) => ({ label: `$(tag) ${tag}`, filter: { tag } })),
  ];
  const choice = await window.showQuickPick(items, { title: l10n.t("Filter Runs") });
  if (choice) view.filter = choice.filter;
}
