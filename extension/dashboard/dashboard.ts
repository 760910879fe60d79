/**
 * The dashboard: one webview panel in the editor area. It relays between the page and a hub connection of its own, and
 * does what only the editor can do. While the panel is hidden there is no page (no `retainContextWhenHidden`) and hence
 * no connection; a page that is shown again says `ready` and gets a new one.
 */
import {
  commands,
  type Disposable,
  type ExtensionContext,
  type LogOutputChannel,
  l10n,
  Uri,
  ViewColumn,
  type WebviewPanel,
  type WebviewPanelSerializer,
  window,
} from "vscode";
import { type FromDashboard, fromDashboard, type ToDashboard } from "../../protocol/webview.ts";
import type { HubSocket } from "../hub/hub-socket.ts";
import { dashboardHtml, dashboardRoot } from "./html.ts";
import { reveal } from "./reveal.ts";
import type { RunControl } from "./run-control.ts";
import { saveFile } from "./save-file.ts";
import { TileQueue } from "./tile-queue.ts";
import type { ThresholdWriter } from "./write-threshold.ts";

export const DASHBOARD = "gradsight.dashboard";

export class Dashboard implements WebviewPanelSerializer, Disposable {
  private readonly context: ExtensionContext;
  private readonly connect: () => HubSocket;
  private readonly writer: ThresholdWriter;
  private readonly control: RunControl;
  private readonly log: LogOutputChannel;
  private readonly tiles: TileQueue;
  private panel: WebviewPanel | null = null;
  private socket: HubSocket | null = null;
  /** The run whose changes the page asked for last. */
  private watched: string | null = null;
  /** What to show once the page is ready; undefined: what it shows itself. */
  private pending: string | null | undefined;

  constructor(
    context: ExtensionContext,
    connect: () => HubSocket,
    writer: ThresholdWriter,
    control: RunControl,
    log: LogOutputChannel,
  ) {
    this.context = context;
    this.connect = connect;
    this.writer = writer;
    this.control = control;
    this.log = log;
    this.tiles = new TileQueue((bytes) => this.post({ type: "tile", bytes: bytes as never }));
  }

  get isOpen(): boolean {
    return this.panel !== null;
  }

  /** Whether the user has this run before them. */
  shows(run: string): boolean {
    return this.panel?.visible === true && this.watched === run;
  }

  /** Opens the dashboard beside the code, or brings it to the front. Without `run` it shows what it showed last. */
  show(run?: string): void {
    if (this.panel) {
      this.panel.reveal(undefined, true);
      if (run !== undefined) this.showRun(run);
      return;
    }
    this.pending = run;
    const code = window.activeTextEditor ?? window.activeNotebookEditor;
    const beside = code ? ViewColumn.Beside : ViewColumn.Active;
    this.adopt(
      window.createWebviewPanel(
        DASHBOARD,
        l10n.t("Gradsight Dashboard"),
        { viewColumn: beside, preserveFocus: true },
        this.options(),
      ),
    );
  }

  /** Called by VS Code for a panel of the window's last session. */
  async deserializeWebviewPanel(panel: WebviewPanel): Promise<void> {
    this.panel?.dispose();
    panel.webview.options = this.options();
    this.adopt(panel);
  }

  dispose(): void {
    this.disconnect();
    this.panel?.dispose();
  }

  private options() {
    return { enableScripts: true, localResourceRoots: [dashboardRoot(this.context.extensionUri)] };
  }

  private adopt(panel: WebviewPanel) {
    this.panel = panel;
    panel.iconPath = Uri.joinPath(this.context.extensionUri, "media", "icon.svg");
    panel.webview.onDidReceiveMessage((message: unknown) => this.receive(message));
    panel.onDidChangeViewState(() => {
      if (!panel.visible) this.disconnect();
    });
    panel.onDidDispose(() => {
      if (this.panel !== panel) return;
      this.disconnect();
      this.panel = null;
    });
    panel.webview.html = dashboardHtml(panel.webview, this.context.extensionUri);
  }

  private receive(untrusted: unknown) {
    let message: FromDashboard;
    try {
      message = fromDashboard(untrusted);
    } catch (error) {
      this.log.error(`The dashboard sent what can't be read: ${(error as Error).message}`);
      return;
    }
    switch (message.type) {
      case "ready":
        return this.reconnect();
      case "request":
        if (message.request.method === "subscribe") this.watched = message.request.run;
        // Unsent requests are not kept: after a reconnect the page asks for what it then needs.
        this.socket?.send(message.request);
        return;
      case "writeThreshold":
        return void this.write(message);
      case "control":
        return void this.change(message);
      case "proceed":
        return void this.proceed(message);
      case "save":
        return void saveFile(message);
      case "reveal":
        return void reveal(message.location, this.log);
      case "command":
        return void commands.executeCommand(`gradsight.${message.command}`);
      case "log":
        return this.log[message.level](`Dashboard: ${message.message}`);
    }
  }

  private reconnect() {
    this.disconnect();
    const socket = this.connect();
    this.socket = socket;
    socket.onDidChangeStatus((status) => this.post({ type: "hub", ...status }));
    socket.onText((text) => this.relay(text));
    socket.onBinary((tile) => this.tiles.push(tile));
    this.post({ type: "hub", ...socket.status });
    if (this.pending !== undefined) this.showRun(this.pending);
    socket.open();
  }

  private disconnect() {
    this.watched = null;
    this.tiles.clear();
    this.socket?.dispose();
    this.socket = null;
  }

  private showRun(run: string | null) {
    this.pending = this.socket ? undefined : run;
    if (this.socket) this.post({ type: "show", run });
  }

  private relay(text: string) {
    try {
      this.post({ type: "message", message: JSON.parse(text) });
    } catch (error) {
      this.log.error(`The hub sent what can't be read: ${(error as Error).message}`);
    }
  }

  private async write({ id, run, series, threshold, kind }: Extract<FromDashboard, { type: "writeThreshold" }>) {
    const outcome = await this.writer.write(run, series, threshold, kind, () => this.post({ type: "asked", id }));
    this.post({
      type: "written",
      id,
      ok: "ok" in outcome ? outcome.ok : null,
      err: "err" in outcome ? outcome.err : null,
    });
  }

  private async change({ id, run, series, threshold }: Extract<FromDashboard, { type: "control" }>) {
    this.post({ type: "controlled", id, ...(await this.control.change(run, series, threshold)) });
  }

  private async proceed({ id, run, step, action }: Extract<FromDashboard, { type: "proceed" }>) {
    this.post({ type: "controlled", id, ...(await this.control.proceed(run, step, action)) });
  }

  private post(message: ToDashboard): PromiseLike<unknown> {
    return this.panel?.webview.postMessage(message) ?? Promise.resolve(false);
  }
}
