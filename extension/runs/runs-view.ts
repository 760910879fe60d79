/** The Runs view: what the hub says, newest first. It asks for the hub when it is first seen, and works only while seen. */
import { commands, type Disposable, EventEmitter, l10n, type TreeDataProvider, type TreeView, window } from "vscode";
import type { RunSummary } from "../../protocol/viewer.ts";
import type { HubClient } from "../hub/hub-client.ts";
import { passes, type RunFilter } from "./run-filter.ts";
import { RunItem } from "./run-item.ts";

/** "2 min. ago" goes stale. */
const REDRAW_MS = 60_000;

export class RunsView implements TreeDataProvider<RunSummary>, Disposable {
  private readonly changed = new EventEmitter<undefined>();
  readonly onDidChangeTreeData = this.changed.event;
  private readonly view: TreeView<RunSummary>;
  private readonly subscriptions: Disposable[];
  private readonly hub: HubClient;
  private readonly clock: NodeJS.Timeout;
  private shown: RunFilter = null;

  constructor(hub: HubClient) {
    this.hub = hub;
    this.view = window.createTreeView("gradsight.runs", { treeDataProvider: this });
    this.subscriptions = [
      this.view,
      this.view.onDidChangeVisibility(() => this.redraw()),
      hub.onDidChangeRuns(() => this.redraw()),
      hub.socket.onDidChangeStatus(({ state, reason }) => {
        // A short interruption mends itself; what stays is said.
        this.view.message = state === "unavailable" && reason ? reason : "";
      }),
    ];
    this.clock = setInterval(() => this.redraw(), REDRAW_MS);
  }

  get filter(): RunFilter {
    return this.shown;
  }

  set filter(filter: RunFilter) {
    this.shown = filter;
    this.view.description = filter === null ? "" : filter === "starred" ? l10n.t("starred") : filter.tag;
    void commands.executeCommand("setContext", "gradsight.runsFiltered", filter !== null);
    this.changed.fire(undefined);
  }

  get selected(): string | undefined {
    return this.view.selection[0]?.id;
  }

  async getChildren(parent?: RunSummary): Promise<RunSummary[]> {
    if (parent) return [];
    const runs = this.hub.socket.status.state === "connected" ? this.hub.runs : await this.load();
    // Nothing would be left: then the filter has had its day, and the view must not say that there are no runs.
    if (this.shown !== null && !runs.some((run) => passes(run, this.shown))) this.filter = null;
    return runs.filter((run) => passes(run, this.shown)).sort((a, b) => b.startedAt - a.startedAt);
  }

  getTreeItem(run: RunSummary): RunItem {
    return new RunItem(run, Date.now() / 1000);
  }

  getParent(): undefined {
    return undefined;
  }

  dispose(): void {
    clearInterval(this.clock);
    for (const subscription of this.subscriptions) subscription.dispose();
    this.changed.dispose();
  }

  /** Until the hub answers the view shows its progress bar; when it can't, what was known last. */
  private load(): Promise<readonly RunSummary[]> {
    return this.hub.refresh().catch(() => this.hub.runs);
  }

  private redraw() {
    if (this.view.visible) this.changed.fire(undefined);
  }
}
