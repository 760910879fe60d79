/** "Tag Run…": the tags of all runs to tick, and whatever else is typed. */
import { l10n, type QuickPickItem, window } from "vscode";
import type { HubClient } from "../hub/hub-client.ts";
import { knownTags } from "../runs/run-filter.ts";

const MAX_TAG = 64;

export async function tagRun(hub: HubClient, id: string): Promise<void> {
  const run = hub.runs.find((candidate) => candidate.id === id);
  if (!run) return;
  const tags = await chooseTags(run.name, knownTags(hub.runs), run.tags);
  if (tags) await hub.request("tag", { run: id, tags });
}

function chooseTags(run: string, known: readonly string[], chosen: readonly string[]): Promise<string[] | undefined> {
  const pick = window.createQuickPick<QuickPickItem>();
  pick.title = l10n.t("Tags of {0}", run);
  pick.placeholder = l10n.t("Choose tags, or type a new one");
  pick.canSelectMany = true;
  const offer = (tags: readonly string[], selected: readonly string[]) => {
    pick.items = tags.map((label) => ({ label }));
    pick.selectedItems = pick.items.filter(({ label }) => selected.includes(label));
  };
  offer(known, chosen);
  let typed = "";
  pick.onDidChangeValue((value) => {
    const selected = pick.selectedItems.map(({ label }) => label).filter((label) => label !== typed);
    const kept = pick.items
      .map(({ label }) => label)
      .filter((label) => known.includes(label) || selected.includes(label));
    typed = value.trim().slice(0, MAX_TAG);
    if (typed === "" || kept.includes(typed)) offer(kept, selected);
    else offer([...kept, typed], [...selected, typed]);
  });
  return new Promise((resolve) => {
    pick.onDidAccept(() => {
      resolve(pick.selectedItems.map(({ label }) => label));
      pick.hide();
    });
    pick.onDidHide(() => {
      resolve(undefined);
      pick.dispose();
    });
    pick.show();
  });
}
