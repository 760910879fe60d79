/** The hub in a process of its own, so that what it takes can be told from what its clients take: `node hub-process.ts FOLDER`. */
import { fileURLToPath } from "node:url";
import { startHub } from "../../server/hub/host.ts";

const hub = await startHub({
  storage: process.argv[2]!,
  workerFile: fileURLToPath(new URL("../../dist/hub.mjs", import.meta.url)),
  onLog: (level, message) => {
    if (level !== "info") console.error(message);
  },
  onExit: (reason) => console.error(reason),
});
process.on("message", async () => {
  await hub.stop();
  process.exit();
});
// A bench that failed leaves no hub behind.
process.on("disconnect", () => process.exit());
process.send?.(hub.endpoint);
