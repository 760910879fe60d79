/**
 * Live control: has the hub change the threshold of a run that was started so that it may be. Only in a trusted workspace, and
 * the user is asked before the first change of each run: what asks is a page, and what it changes is a training.
 */
import { l10n, window, workspace } from "vscode";
import type { AskedThreshold, Proceeding } from "../../protocol/control.ts";
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
  change(run: string, series: string, threshold: AskedThreshold): Promise<Outcome> {
    return this.act(run, sentence(threshold), () =>
      this.hub.requestWithoutLimit("control", { run, series, threshold }),
    );
  }

  /** Lets a run go on that is paused at this step. */
  proceed(run: string, step: number, action: Proceeding): Promise<Outcome> {
    return this.act(run, consequence(action), () => this.hub.request("proceed", { run, step, action }));
  }

  private async act(run: string, what: string, request: () => Promise<unknown>): Promise<Outcome> {
    if (!workspace.isTrusted)
      return { outcome: "refused", reason: l10n.t("A running training is changed in trusted workspaces only.") };
    if (!(await this.isConfirmed(run, what))) return { outcome: "cancelled", reason: null };
    try {
      await request();
      return { outcome: "done", reason: null };
    } catch (error) {
      return { outcome: "refused", reason: (error as Error).message };
    }
  }

  private async isConfirmed(run: string, what: string): Promise<boolean> {
    if (this.confirmed.has(run)) return true;
    const name = this.hub.runs.find(({ id }) => id === run)?.name ?? run;
    const change = l10n.t("Change");
    const detail = l10n.t(
      "{0} The change is marked in the run and holds until you change it again or the run ends. You are not asked again for this run.",
      what,
    );
    const message = l10n.t("Change {0} while it is running?", name);
    if ((await window.showWarningMessage(message, { modal: true, detail }, change)) !== change) return false;
    this.confirmed.add(run);
    return true;
  }
}

function consequence(action: Proceeding): string {
  if (action === "apply") return l10n.t("The update is applied, and the training goes on.");
  if (action === "skip") return l10n.t("The update is left out, and the training goes on.");
  return l10n.t("The training is interrupted, as by Ctrl+C.");
}

function sentence(threshold: AskedThreshold): string {
  if (threshold === "off") return l10n.t("Its clipping is switched off.");
  if (threshold === "script") return l10n.t("It clips as its script says again.");
  return l10n.t("Its clipping threshold becomes {0}.", String(threshold));
}
