/** The language server's life: start, crash, restart, give up with an explanation; and our own requests to it. */
import {
  type Disposable,
  EventEmitter,
  type ExtensionContext,
  type LogOutputChannel,
  l10n,
  Uri,
  type WorkspaceEdit,
  window,
} from "vscode";
import {
  CloseAction,
  DidChangeConfigurationNotification,
  ErrorAction,
  LanguageClient,
  RevealOutputChannelOn,
  State,
  TransportKind,
} from "vscode-languageclient/node";
import type { ServerOptions } from "../../protocol/lsp.ts";
import { onDidSelectInterpreter } from "../python/interpreter.ts";
import { CrashBudget } from "./crash-budget.ts";
import { lintedDocuments, SCHEMES } from "./documents.ts";
import { withInterpreter } from "./interpreter-setting.ts";
import type { ServerState, Stateful } from "./language-status.ts";
import type { Requests } from "./requests.ts";
import { showingRulePages } from "./rule-page.ts";

/** The base class shows its every error as a notification; ours are explained once, by {@link LanguageServer}. */
class QuietClient extends LanguageClient {
  override error(message: string, data?: unknown): void {
    super.error(message, data, false);
  }
}

export class LanguageServer implements Disposable, Requests, Stateful {
  private readonly changed = new EventEmitter<ServerState>();
  readonly onDidChangeState = this.changed.event;
  private readonly client: LanguageClient;
  private readonly log: LogOutputChannel;
  private readonly following: Disposable;
  private budget = new CrashBudget();
  /** Whether the user has been told why the server is off. */
  private explained = false;
  state: ServerState = "stopped";

  /** @param storage folder of runs and rendezvous file; null switches the hub off */
  constructor(context: ExtensionContext, storage: Uri | null, log: LogOutputChannel) {
    this.log = log;
    const module = Uri.joinPath(context.extensionUri, "dist", "server.mjs").fsPath;
    const run = { module, transport: TransportKind.ipc };
    const options: ServerOptions = { storage: storage?.fsPath ?? null, grammar: null, opensRuns: true };
    this.client = new QuietClient(
      "gradsight",
      "Gradsight",
      { run, debug: { ...run, options: { execArgv: ["--nolazy", "--inspect=6119", "--enable-source-maps"] } } },
      {
        ...lintedDocuments(SCHEMES),
        middleware: {
          workspace: { configuration: withInterpreter },
          window: { showDocument: showingRulePages(context.extensionUri, log) },
        },
        initializationOptions: options,
        markdown: { isTrusted: { enabledCommands: ["gradsight.openRun"] } },
        outputChannel: log,
        revealOutputChannelOn: RevealOutputChannelOn.Never,
        errorHandler: {
          error: (_error, _message, count) => ({
            action: (count ?? 0) <= 3 ? ErrorAction.Continue : ErrorAction.Shutdown,
            handled: true,
          }),
          closed: () => this.closed(),
        },
        initializationFailedHandler: (error) => {
          this.log.error(error instanceof Error ? error : String(error));
          return false;
        },
      },
    );
    // What the Python extension selects is part of our settings, though VS Code doesn't know.
    this.following = onDidSelectInterpreter(() => {
      if (this.state === "running")
        void this.client.sendNotification(DidChangeConfigurationNotification.type, { settings: null });
    });
    this.client.onDidChangeState(({ newState }) =>
      this.become(newState === State.Running ? "running" : newState === State.Starting ? "starting" : "stopped"),
    );
  }

  /** Resolves when the server answers, or, with the failure shown, when it can't be started. */
  async start(): Promise<void> {
    try {
      await this.client.start();
    } catch (error) {
      this.log.error(`The language server did not start: ${error instanceof Error ? error.message : String(error)}`);
      this.become("stopped");
      void this.explain(l10n.t("Gradsight's language server did not start: no findings and no live runs."));
    }
  }

  async restart(): Promise<void> {
    this.budget = new CrashBudget();
    this.explained = false;
    this.become("starting");
    if (this.client.needsStop()) await this.client.stop().catch((error) => this.log.warn(String(error)));
    await this.start();
  }

  async request<Result>(method: string, params: object = {}): Promise<Result> {
    if (this.state === "stopped") throw new Error(l10n.t("The language server is not running."));
    if (this.state === "starting") await this.client.start();
    return this.client.sendRequest<Result>(method, params);
  }

  get processId(): number | undefined {
    return this.client.serverProcess?.pid;
  }

  uri(uri: Uri): string {
    return this.client.code2ProtocolConverter.asUri(uri);
  }

  edit(edit: unknown): Promise<WorkspaceEdit> {
    type Protocol = Parameters<LanguageClient["protocol2CodeConverter"]["asWorkspaceEdit"]>[0];
    return this.client.protocol2CodeConverter.asWorkspaceEdit(edit as NonNullable<Protocol>);
  }

  /** The client stops the server gently when the extension goes; this ends what else there is. */
  async dispose(): Promise<void> {
    this.changed.dispose();
    this.following.dispose();
    await this.client.dispose().catch(() => undefined);
  }

  private closed() {
    // A server that dies before it ever ran would do so again; `start` or the restart below has the reason.
    const ran = this.client.state === State.Running;
    if (ran && this.budget.spend(Date.now())) {
      this.log.warn("The language server ended unexpectedly and is started again.");
      return { action: CloseAction.Restart, handled: true };
    }
    void this.explain(
      ran
        ? l10n.t("Gradsight's language server crashed five times in three minutes and stays off.")
        : l10n.t("Gradsight's language server did not start: no findings and no live runs."),
    );
    return { action: CloseAction.DoNotRestart, handled: true };
  }

  private async explain(message: string) {
    if (this.explained) return;
    this.explained = true;
    this.log.error(message);
    const restart = l10n.t("Restart");
    const showLog = l10n.t("Show Log");
    const choice = await window.showErrorMessage(message, restart, showLog);
    if (choice === restart) await this.restart();
    if (choice === showLog) this.log.show();
  }

  private become(state: ServerState) {
    if (this.state === state) return;
    this.state = state;
    this.changed.fire(state);
  }
}
