/** The one status bar item: a stopped server first, a training that waits or runs next, else the last run. */
import { type Disposable, l10n, StatusBarAlignment, type StatusBarItem, ThemeColor, window } from "vscode";
import type { RunSummary } from "../protocol/viewer.ts";
import { activeDocument } from "./active-document.ts";
import type { HubClient } from "./hub/hub-client.ts";
import type { LanguageServer } from "./language/language-server.ts";
import { statusLabel, stepCount } from "./runs/run-item.ts";

export class StatusBar implements Disposable {
  private readonly item: StatusBarItem;
  private readonly server: LanguageServer;
  private readonly hub: HubClient;
  private readonly subscriptions: Disposable[];

  constructor(server: LanguageServer, hub: HubClient) {
    this.server = server;
    this.hub = hub;
    this.item = window.createStatusBarItem("gradsight.status", StatusBarAlignment.Left, -10);
    this.item.name = "Gradsight";
    const update = () => this.update();
    this.subscriptions = [
      this.item,
      server.onDidChangeState(update),
      hub.onDidChangeRuns(update),
      hub.socket.onDidChangeStatus(update),
      window.onDidChangeActiveTextEditor(update),
      window.onDidChangeActiveNotebookEditor(update),
    ];
    this.update();
  }

  dispose(): void {
    for (const subscription of this.subscriptions) subscription.dispose();
  }

  private update() {
    const running = this.hub.runs.filter(({ status }) => status === "running");
    const last = [...this.hub.runs].sort((a, b) => b.lastSeen - a.lastSeen)[0];
    const stopped = this.server.state === "stopped";
    this.item.text = stopped ? "$(warning) Gradsight" : running.length ? runningText(running) : "$(pulse) Gradsight";
    this.item.backgroundColor =
      stopped || running.some(({ paused }) => paused) ? new ThemeColor("statusBarItem.warningBackground") : undefined;
    this.item.command = stopped ? "gradsight.restartServer" : "gradsight.openDashboard";
    const lines = [this.linting(), this.recording(), last ? lastRun(last) : null];
    lines.push(stopped ? l10n.t("Click to restart the language server.") : l10n.t("Click to open the dashboard."));
    this.item.tooltip = lines.filter(Boolean).join("\n");
    this.item.accessibilityInformation = { label: `Gradsight. ${this.item.tooltip}`, role: "button" };
    if (stopped || running.length || activeDocument()) this.item.show();
    else this.item.hide();
  }

  private linting(): string {
    switch (this.server.state) {
      case "running":
        return l10n.t("Language server: running");
      case "starting":
        return l10n.t("Language server: starting");
      case "stopped":
        return l10n.t("Language server: stopped");
    }
  }

  private recording(): string {
    const { state, reason } = this.hub.socket.status;
    if (state === "connected") return l10n.t("Recording of runs: ready");
    if (state === "unavailable") return l10n.t("Recording of runs: not available. {0}", reason ?? "");
    return l10n.t("Recording of runs: starts when needed");
  }
}

function runningText(runs: readonly RunSummary[]): string {
  const waiting = runs.filter(({ paused }) => paused);
  if (waiting.length > 1) return `$(debug-pause) ${l10n.t("{0} runs paused", waiting.length)}`;
  if (waiting[0]) return `$(debug-pause) ${l10n.t("{0} paused", waiting[0].name)}`;
  const [only] = runs;
  if (runs.length > 1 || !only) return `$(sync~spin) ${l10n.t("{0} runs", runs.length)}`;
  return `$(sync~spin) ${stepCount(only.steps)}`;
}

function lastRun(run: RunSummary): string {
  return l10n.t("Last run: {0}, {1}, {2}", run.name, statusLabel(run), stepCount(run.steps));
}
