import {
  CodeActionKind,
  type Connection,
  type InitializeParams,
  type InitializeResult,
  MessageType,
  ShowMessageNotification,
  TextDocumentSyncKind,
} from "vscode-languageserver";
import { type ServerOptions, serverOptions } from "../../protocol/lsp.ts";
import { version } from "../version.ts";
import { type Client, clientOf } from "./client.ts";
import { FIX_ALL_KIND } from "./code-action.ts";
import { ConfigurationFiles } from "./configuration-files.ts";
import type { Context } from "./context.ts";
import { Documents } from "./documents.ts";
import { EXPLAIN_COMMAND } from "./explain.ts";
import type { Host } from "./host.ts";
import { ImportedModules } from "./imported-modules.ts";
import { ObservedRuns } from "./observed-runs.ts";
import { SettingsStore } from "./settings.ts";

/** `initialize`: negotiates, loads the grammar, then lets `register` add the features. */
export function registerInitialize(connection: Connection, host: Host, register: (context: Context) => void): void {
  connection.onInitialize(async (params) => {
    const client = clientOf(params);
    const options = optionsOf(connection, params);
    const analyser = await load(connection, host, options);
    const modules = new ImportedModules(host, client.folders);
    const runs = new ObservedRuns(host, options.opensRuns === true);
    const documents = new Documents(analyser, host, client.positionEncoding, modules, runs);
    const rules = analyser.rules.map(({ name }) => name);
    const settings = new SettingsStore(
      connection,
      client,
      new ConfigurationFiles(connection, host, rules),
      (path, interpreter) => modules.select(path, interpreter),
    );
    register({
      connection,
      host,
      client,
      options,
      analyser,
      documents,
      modules,
      runs,
      settings,
    });
    return { capabilities: capabilitiesFor(client), serverInfo: { name: "gradsight", version } };
  });
}

function capabilitiesFor(client: Client): InitializeResult["capabilities"] {
  return {
    positionEncoding: client.positionEncoding,
    textDocumentSync: { openClose: true, change: TextDocumentSyncKind.Incremental },
    notebookDocumentSync: {
      // All cells, since users count them all.
      notebookSelector: [{ notebook: "jupyter-notebook" }],
    },
    codeActionProvider: {
      codeActionKinds: [CodeActionKind.QuickFix, CodeActionKind.RefactorRewrite, FIX_ALL_KIND],
      resolveProvider: true,
    },
    hoverProvider: true,
    workspace: { workspaceFolders: { supported: true, changeNotifications: true } },
    executeCommandProvider: { commands: [EXPLAIN_COMMAND] },
    ...(client.pullsDiagnostics && {
      diagnosticProvider: { identifier: "gradsight", interFileDependencies: true, workspaceDiagnostics: false },
    }),
  };
}

function optionsOf(connection: Connection, { initializationOptions }: InitializeParams): ServerOptions {
  try {
    return serverOptions(initializationOptions ?? {});
  } catch (error) {
    connection.console.warn(`initializationOptions ignored: ${(error as Error).message}`);
    return { storage: null, grammar: null, opensRuns: null };
  }
}

async function load(connection: Connection, host: Host, options: ServerOptions): Promise<Context["analyser"]> {
  try {
    return await host.loadAnalyser(options.grammar);
  } catch (error) {
    const message = `Gradsight could not load its Python grammar, so it can't lint: ${(error as Error).message}`;
    // A notification, not `connection.window`'s request: a client that can't answer that one would end the server.
    await connection.sendNotification(ShowMessageNotification.type, {
      type: MessageType.Error,
      message: `${message} Reinstalling the extension may help.`,
    });
    const fail = () => {
      throw new Error(message);
    };
    return { rules: [], open: fail, openConfig: fail };
  }
}
