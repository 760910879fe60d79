/**
 * Live control: has the hub change the threshold of a run that was started so that it may be. Only in a trusted workspace, and
 * the user is asked before the first change of each run: what asks is a page, and what it changes is a training.
 */
import { l10n, window, workspace } from "vscode";
import type { AskedThreshold } from "../../protocol/control.ts";
import type { ToDashboard } from "../../protocol/webview.ts";
import type { HubClient } from "../hub/hub-client.ts";

type Outcome = Omit<Extract<ToDashboard, { type: "controlled" }>, "type" | "id">;

export class RunControl {
  private readonly hub: HubClient;
  /** Runs of which the user has said in this window that they may be changed. */
  private readonly confirmed = new Set<string>();

  constructor(hub: HubClient) {
    this.hub = hub;
  }

  /** Resolves once it holds, or was refused; never rejects. */
  async change(run: string, series: string, threshold: AskedThreshold): Promise<Outcome> {
    if (!workspace.isTrusted)
      return { outcome: "refused", reason: l10n.t("A running training is changed in trusted workspaces only.") };
    if (!(await this.isConfirmed(run, threshold))) return { outcome: "cancelled", reason: null };
    try {
      await this.hub.requestWithoutLimit("control", { run, series, threshold });
      return { outcome: "done", reason: null };
    } catch (error) {
      return { outcome: "refused", reason: (error as Error).message };
    }
  }

  private async isConfirmed(run: string, threshold: AskedThreshold): Promise<boolean> {
    if (this.confirmed.has(run)) return true;
    const name = this.hub.runs.find(({ id }) => id === run)?.name ?? run;
    const change = l10n.t("Change");
    const detail = l10n.t(
      "{0} The change is marked in the run and holds until you change it again or the run ends. You are not asked again for this run.",
      sentence(threshold),
    );
    const message = l10n.t("Change {0} while it is running?", name);
    if ((await window.showWarningMessage(message, { modal: true, detail }, change)) !== change) return false;
    this.confirmed.add(run);
    return true;
  }
}

function sentence(threshold: AskedThreshold): string {
  if (threshold === "off") return l10n.t("Its clipping is switched off.");
  if (threshold === "script") return l10n.t("It clips as its script says again.");
  return l10n.t("Its clipping threshold becomes {0}.", String(threshold));
}
