/** The language server as a web worker. Only wiring; what it does stands in ../lsp/server.ts. */
import { BrowserMessageReader, BrowserMessageWriter, createConnection } from "vscode-languageserver/browser";
import { serve } from "../lsp/server.ts";
import { webHost } from "./web-host.ts";

const scope = self as unknown as DedicatedWorkerGlobalScope;
const connection = createConnection(new BrowserMessageReader(scope), new BrowserMessageWriter(scope));
scope.addEventListener("unhandledrejection", ({ reason }) =>
  connection.console.error(`Unhandled: ${reason instanceof Error ? (reason.stack ?? reason.message) : reason}`),
);
serve(connection, webHost(connection));
