/** The real hub, in a folder of its own that goes with it. Its bundle must have been built. */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { startHub } from "../../server/hub/host.ts";

export interface ScratchHub {
  readonly folder: string;
  /** The file that says how to reach it. */
  readonly rendezvous: string;
  stop(): Promise<void>;
}

export async function startScratchHub(): Promise<ScratchHub> {
  const folder = mkdtempSync(join(tmpdir(), "gradsight-bench-"));
  const storage = join(folder, "storage");
  mkdirSync(storage);
  const hub = await startHub({
    storage,
    workerFile: resolve("dist/hub.mjs"),
    onLog: (level, message) => {
      if (level !== "info") console.error(message);
    },
    onExit: (reason) => console.error(reason),
  });
  return {
    folder,
    rendezvous: hub.endpoint.rendezvous,
    async stop() {
      await hub.stop();
      rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}
