/** A language client that drives the bundled server as a process over its standard streams, or as VS Code does. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  type ClientCapabilities,
  type CodeAction,
  type CodeActionContext,
  CodeActionRequest,
  CodeActionResolveRequest,
  ConfigurationRequest,
  createProtocolConnection,
  type Diagnostic,
  DiagnosticRefreshRequest,
  DidChangeConfigurationNotification,
  DidChangeTextDocumentNotification,
  DidChangeWatchedFilesNotification,
  DidChangeWorkspaceFoldersNotification,
  DidCloseTextDocumentNotification,
  DidOpenTextDocumentNotification,
  type DocumentDiagnosticReport,
  DocumentDiagnosticRequest,
  ExitNotification,
  FileChangeType,
  type Hover,
  HoverRequest,
  InitializedNotification,
  InitializeRequest,
  type InitializeResult,
  IPCMessageReader,
  IPCMessageWriter,
  LogMessageNotification,
  type LogMessageParams,
  type Position,
  type ProtocolConnection,
  PublishDiagnosticsNotification,
  type PublishDiagnosticsParams,
  type Range,
  RegistrationRequest,
  ShowDocumentRequest,
  ShowMessageNotification,
  type ShowMessageParams,
  ShutdownRequest,
  StreamMessageReader,
  StreamMessageWriter,
  type TextDocumentContentChangeEvent,
  type TextEdit,
  type WorkspaceEdit,
} from "vscode-languageserver-protocol/node";

/** Where the bundles are. */
export const DIST = fileURLToPath(new URL("../../dist/", import.meta.url));

export interface ClientOptions {
  readonly positionEncodings?: string[];
  /** Asks for diagnostics, as VS Code does; otherwise they are pushed. */
  readonly pulls?: boolean;
  readonly versionedEdits?: boolean;
  readonly configuration?: boolean;
  readonly resolvesCodeActions?: boolean;
  /** Watches files for the server. */
  readonly watches?: boolean;
  /** The URIs of the folders that are open. */
  readonly folders?: readonly string[];
  readonly initializationOptions?: unknown;
  /** A folder of bundles other than our own. */
  readonly dist?: string;
  /** VS Code's way to a server that is a Node script, in place of standard streams. */
  readonly ipc?: boolean;
}

export class LspClient {
  readonly logs: LogMessageParams[] = [];
  readonly messages: ShowMessageParams[] = [];
  readonly shown: { uri: string; external?: boolean }[] = [];
  readonly registered: string[] = [];
  /** `gradsight` settings by document; "" for all others. */
  readonly settings = new Map<string, unknown>();
  /** How often the server has asked for settings, and for another pull. */
  asked = 0;
  refreshes = 0;
  result!: InitializeResult;
  readonly connection: ProtocolConnection;
  readonly process: ChildProcess;
  #held: Promise<void> = Promise.resolve();
  readonly #open = new Set<string>();
  readonly #published: PublishDiagnosticsParams[] = [];
  readonly #waiting = new Set<() => void>();

  private constructor({ dist = DIST, ipc = false }: ClientOptions) {
    this.process = spawn(process.execPath, [join(dist, "server.mjs"), ipc ? "--node-ipc" : "--stdio"], {
      stdio: ipc ? ["ignore", "ignore", "inherit", "ipc"] : ["pipe", "pipe", "inherit"],
    });
    this.connection = ipc
      ? createProtocolConnection(new IPCMessageReader(this.process), new IPCMessageWriter(this.process))
      : createProtocolConnection(
          new StreamMessageReader(this.process.stdout!),
          new StreamMessageWriter(this.process.stdin!),
        );
    this.connection.onNotification(LogMessageNotification.type, (message) => this.#note(() => this.logs.push(message)));
    this.connection.onNotification(ShowMessageNotification.type, (message) =>
      this.#note(() => this.messages.push(message)),
    );
    this.connection.onNotification(PublishDiagnosticsNotification.type, (params) =>
      this.#note(() => this.#published.push(params)),
    );
    this.connection.onRequest(ConfigurationRequest.type, async ({ items }) => {
      this.#note(() => this.asked++);
      await this.#held;
      return items.map(({ scopeUri = "" }) => this.settings.get(scopeUri) ?? this.settings.get("") ?? null);
    });
    this.connection.onRequest(RegistrationRequest.type, ({ registrations }) =>
      this.#note(() => this.registered.push(...registrations.map(({ method }) => method))),
    );
    this.connection.onRequest(DiagnosticRefreshRequest.type, () => this.#note(() => this.refreshes++));
    this.connection.onRequest(ShowDocumentRequest.type, (params) => {
      this.#note(() => this.shown.push(params));
      return { success: true };
    });
  }

  static async start(options: ClientOptions = {}): Promise<LspClient> {
    const client = new LspClient(options);
    client.connection.listen();
    client.result = await client.connection.sendRequest(InitializeRequest.type, {
      processId: process.pid,
      rootUri: null,
      workspaceFolders: options.folders?.map((uri) => ({ uri, name: "folder" })) ?? null,
      capabilities: capabilities(options),
      initializationOptions: options.initializationOptions,
    });
    await client.connection.sendNotification(InitializedNotification.type, {});
    return client;
  }

  open(uri: string, text: string, languageId = "python", version = 1): Promise<void> {
    this.#open.add(uri);
    return this.connection.sendNotification(DidOpenTextDocumentNotification.type, {
      textDocument: { uri, languageId, version, text },
    });
  }

  change(uri: string, version: number, ...contentChanges: TextDocumentContentChangeEvent[]): Promise<void> {
    return this.connection.sendNotification(DidChangeTextDocumentNotification.type, {
      textDocument: { uri, version },
      contentChanges,
    });
  }

  close(uri: string): Promise<void> {
    this.#open.delete(uri);
    return this.connection.sendNotification(DidCloseTextDocumentNotification.type, { textDocument: { uri } });
  }

  foldersChanged(added: readonly string[], removed: readonly string[]): Promise<void> {
    const folders = (uris: readonly string[]) => uris.map((uri) => ({ uri, name: "folder" }));
    return this.connection.sendNotification(DidChangeWorkspaceFoldersNotification.type, {
      event: { added: folders(added), removed: folders(removed) },
    });
  }

  /** As good as new, for the next test: a process costs more than most of what is asked of it. */
  async closeAll(): Promise<void> {
    for (const uri of this.#open) await this.close(uri);
    this.logs.length = this.shown.length = this.#published.length = 0;
  }

  async pull(uri: string): Promise<Diagnostic[]> {
    const report: DocumentDiagnosticReport = await this.connection.sendRequest(DocumentDiagnosticRequest.type, {
      textDocument: { uri },
    });
    if (report.kind !== "full") throw new Error("expected a full report");
    return report.items;
  }

  async actions(uri: string, range: Range, context: Partial<CodeActionContext> = {}): Promise<CodeAction[]> {
    const answer = await this.connection.sendRequest(CodeActionRequest.type, {
      textDocument: { uri },
      range,
      context: { diagnostics: [], ...context },
    });
    return (answer ?? []) as CodeAction[];
  }

  resolve(action: CodeAction): Promise<CodeAction> {
    return this.connection.sendRequest(CodeActionResolveRequest.type, action);
  }

  hover(uri: string, position: Position): Promise<Hover | null> {
    return this.connection.sendRequest(HoverRequest.type, { textDocument: { uri }, position });
  }

  request<Result>(method: string, params: unknown): Promise<Result> {
    return this.connection.sendRequest(method, params);
  }

  /** Resolves with the next diagnostics pushed for `uri` that have not been taken yet. */
  async published(uri: string): Promise<PublishDiagnosticsParams> {
    const mine = () => this.#published.findIndex((params) => params.uri === uri);
    await this.until(() => mine() >= 0);
    return this.#published.splice(mine(), 1)[0]!;
  }

  /** How many pushes wait to be taken. */
  get pending(): number {
    return this.#published.length;
  }

  /** Resolves once `condition` holds; looked at whenever something arrives from the server. */
  until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        if (!condition()) return;
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
      look();
    });
  }

  async changeSettings(all: unknown, pushed: unknown = null): Promise<void> {
    this.settings.set("", all);
    await this.connection.sendNotification(DidChangeConfigurationNotification.type, { settings: pushed });
  }

  /** As the client's file watcher tells it. */
  watchedFileChanged(uri: string, type: FileChangeType = FileChangeType.Changed): Promise<void> {
    return this.connection.sendNotification(DidChangeWatchedFilesNotification.type, { changes: [{ uri, type }] });
  }

  /** Answers no request for settings before `until` is done. */
  holdSettings(until: Promise<void>): void {
    this.#held = until;
  }

  /** Says good-bye as LSP asks, and resolves with the server's exit code. */
  async stop(): Promise<number | null> {
    if (this.process.exitCode !== null) return this.process.exitCode;
    const exited = once(this.process, "exit");
    await this.connection.sendRequest(ShutdownRequest.type);
    await this.connection.sendNotification(ExitNotification.type);
    const [code] = (await exited) as [number | null];
    this.connection.dispose();
    return code;
  }

  #note(record: () => unknown): void {
    record();
    for (const look of [...this.#waiting]) look();
  }
}

function capabilities({
  positionEncodings,
  pulls = true,
  versionedEdits = true,
  configuration = true,
  resolvesCodeActions = true,
  watches = true,
}: ClientOptions) {
  return {
    ...(positionEncodings && { general: { positionEncodings } }),
    textDocument: {
      ...(pulls && { diagnostic: { dynamicRegistration: false } }),
      ...(resolvesCodeActions && { codeAction: { resolveSupport: { properties: ["edit"] } } }),
    },
    window: { showDocument: { support: true } },
    workspace: {
      configuration,
      didChangeConfiguration: { dynamicRegistration: true },
      didChangeWatchedFiles: { dynamicRegistration: watches },
      diagnostics: { refreshSupport: true },
      workspaceEdit: { documentChanges: versionedEdits, changeAnnotationSupport: {} },
    },
  } satisfies ClientCapabilities;
}

/** The one document's edits in a workspace edit, versioned or not. */
export function editsOf(edit: unknown): { uri: string; version?: number | null; edits: TextEdit[] } {
  const { changes, documentChanges } = edit as WorkspaceEdit;
  const [change] = documentChanges ?? [];
  if (change && "textDocument" in change)
    return { uri: change.textDocument.uri, version: change.textDocument.version, edits: change.edits as TextEdit[] };
  const [uri, edits] = Object.entries(changes ?? {})[0]!;
  return { uri, edits };
}
