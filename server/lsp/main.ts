/** The language server as a Node process: `--stdio` or `--node-ipc`. Only wiring; what it does stands in server.ts. */
import { createConnection } from "vscode-languageserver/node";
import { nodeHost } from "./node-host.ts";
import { serve } from "./server.ts";

const connection = createConnection();
// One promise that nobody caught is no reason to take every feature down.
process.on("unhandledRejection", (reason) =>
  connection.console.error(`Unhandled: ${reason instanceof Error ? (reason.stack ?? reason.message) : reason}`),
);
serve(connection, nodeHost());
