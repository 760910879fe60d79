/** The language server as a Node process: `--stdio` or `--node-ipc`. Only wiring; what it does stands in server.ts. */
import { createConnection } from "vscode-languageserver/node";
import { nodeHost } from "./node-host.ts";
import { serve } from "./server.ts";

serve(createConnection(), nodeHost());
