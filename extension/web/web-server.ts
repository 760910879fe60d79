/** The language server in a web worker: its start, its end, and our own requests to it. */
import {
  EventEmitter,
  type ExtensionContext,
  type LogOutputChannel,
  l10n,
  Uri,
  type WorkspaceEdit,
  window,
  workspace,
} from "vscode";
import {
  BrowserMessageReader,
  BrowserMessageWriter,
  LanguageClient,
  type MessageTransports,
  RevealOutputChannelOn,
  State,
} from "vscode-languageclient/browser";
import { READ_FILE_METHOD, type ReadFileResult, readFileParams, type ServerOptions } from "../../protocol/lsp.ts";
import { lintedDocuments, SCHEMES } from "../language/documents.ts";
import type { ServerState, Stateful } from "../language/language-status.ts";
import type { Requests } from "../language/requests.ts";

export class WebServer implements Requests, Stateful {
  private readonly changed = new EventEmitter<ServerState>();
  readonly onDidChangeState = this.changed.event;
  readonly schemes: readonly string[];
  state: ServerState = "starting";
  private readonly log: LogOutputChannel;
  private readonly script: string;
  private readonly client: LanguageClient;
  private worker: Worker | null = null;
  /** Rejects when the worker can't be loaded, of which the client would not hear. */
  private failed: Promise<never> | null = null;

  constructor(context: ExtensionContext, log: LogOutputChannel) {
    this.log = log;
    const at = (...names: string[]) => Uri.joinPath(context.extensionUri, "dist", ...names).toString(true);
    this.script = at("web", "server.js");
    // A folder may come from any provider of files.
    this.schemes = [...new Set([...SCHEMES, ...(workspace.workspaceFolders?.map(({ uri }) => uri.scheme) ?? [])])];
    const options: ServerOptions = { storage: null, grammar: at(), opensRuns: false };
    this.client = new LanguageClient("gradsight", "Gradsight", async () => this.spawn(), {
      ...lintedDocuments(this.schemes),
      initializationOptions: options,
      outputChannel: log,
      revealOutputChannelOn: RevealOutputChannelOn.Never,
    });
    this.client.onRequest(READ_FILE_METHOD, readFile);
    this.client.onDidChangeState(({ newState }) =>
      this.become(newState === State.Running ? "running" : newState === State.Starting ? "starting" : "stopped"),
    );
  }

  /** Resolves when the server answers, or, with the failure shown, when it can't be started. */
  async start(): Promise<void> {
    try {
      const started = this.client.start();
      await Promise.race([started, this.failed]);
    } catch (error) {
      this.become("stopped");
      const message = l10n.t("Gradsight's language server did not start: no findings.");
      this.log.error(`${message} ${error instanceof Error ? error.message : String(error)}`);
      const showLog = l10n.t("Show Log");
      if ((await window.showErrorMessage(message, showLog)) === showLog) this.log.show();
    }
  }

  async restart(): Promise<void> {
    await this.client.stop().catch((error) => this.log.warn(String(error)));
    await this.start();
  }

  request<Result>(method: string, params: object = {}): Promise<Result> {
    return this.client.sendRequest<Result>(method, params);
  }

  uri(uri: Uri): string {
    return this.client.code2ProtocolConverter.asUri(uri);
  }

  edit(edit: unknown): Promise<WorkspaceEdit> {
    type Protocol = Parameters<LanguageClient["protocol2CodeConverter"]["asWorkspaceEdit"]>[0];
    return this.client.protocol2CodeConverter.asWorkspaceEdit(edit as NonNullable<Protocol>);
  }

  async dispose(): Promise<void> {
    this.changed.dispose();
    await this.client.dispose().catch(() => undefined);
    this.worker?.terminate();
  }

  private become(state: ServerState) {
    this.state = state;
    this.changed.fire(state);
  }

  /** Transports rather than the worker: the extension host's `Worker` is none by `instanceof`, which the client asks for. */
  private spawn(): MessageTransports {
    this.worker?.terminate();
    const worker = new Worker(this.script);
    this.worker = worker;
    this.failed = new Promise((_, reject) => {
      worker.addEventListener("error", (event) => reject(new Error(event.message || this.script)), { once: true });
    });
    this.failed.catch(() => undefined);
    return { reader: new BrowserMessageReader(worker), writer: new BrowserMessageWriter(worker) };
  }
}

async function readFile(params: unknown): Promise<ReadFileResult> {
  const uri = Uri.parse(readFileParams(params).uri, true);
  try {
    return { text: new TextDecoder("utf-8", { fatal: true }).decode(await workspace.fs.readFile(uri)) };
  } catch {
    return { text: null };
  }
}
