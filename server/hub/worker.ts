/** Entry of the hub's worker thread: SQLite blocks its thread, so it must not be the one that answers keystrokes. */
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { openHub } from "./hub.ts";
import type { FromHub, HubWorkerData, ToHub } from "./thread.ts";
import { giveWay } from "./thread-priority.ts";

async function main(port: MessagePort): Promise<void> {
  const post = (message: FromHub) => port.postMessage(message);
  try {
    const hub = await openHub(
      workerData as HubWorkerData,
      (level, message) => post({ type: "log", level, message }),
      (updates) => post({ type: "observed", updates }),
    );
    port.on("message", async (message: ToHub) => {
      if (message.type === "watch") return hub.watch(message.files);
      await hub.close();
      port.close();
    });
    post({ type: "ready", endpoint: hub.endpoint });
  } catch (error) {
    post({ type: "failed", message: (error as Error).message });
  }
}

if (!parentPort) throw new Error("The hub runs in a worker thread.");
giveWay();
void main(parentPort);
