/** A process that runs a hub, to be killed: `node hub-process.ts <storage>` prints the endpoint. */
import { fileURLToPath } from "node:url";
import { startHub } from "../host.ts";

const { endpoint } = await startHub({
  storage: process.argv[2]!,
  workerFile: fileURLToPath(new URL("../worker.ts", import.meta.url)),
  onLog() {},
  onExit: () => process.exit(1),
});
process.stdout.write(JSON.stringify(endpoint));
