import { MessageType, ShowMessageNotification } from "vscode-languageserver";
import { HUB_METHOD, type HubResult } from "../../protocol/lsp.ts";
import type { HubHandle } from "../hub/host.ts";
import type { Context } from "./context.ts";
import { guarded } from "./guard.ts";

export interface HubFeature {
  /** Other documents are open than before. */
  documentsChanged(): void;
}

/**
 * `gradsight/hub`: starts the hub when first asked for it, and again when asked after it has died. Linting never needs it;
 * while it runs, it is told which scripts are open, and tells what runs saw of them. `observed` is called when that changed.
 */
export function registerHub(
  { connection, host, documents, runs, options: { storage } }: Context,
  observed: () => void,
): HubFeature {
  let hub: Promise<HubHandle> | null = null;
  let watched = "";

  const watch = guarded(connection, "Watching for runs", undefined, async () => {
    const running = await hub?.catch(() => null);
    const paths = documents.paths;
    if (!running || watched === paths.join("\0")) return;
    watched = paths.join("\0");
    running.watch(paths);
  });

  const start = (folder: string): Promise<HubHandle> => {
    const forget = () => {
      if (hub === starting) hub = null;
      watched = "";
    };
    const starting: Promise<HubHandle> = host.startHub({
      storage: folder,
      onLog(level, message) {
        if (level === "alert")
          void connection.sendNotification(ShowMessageNotification.type, {
            type: MessageType.Warning,
            message: `Gradsight: ${message}`,
          });
        connection.console[level === "alert" ? "warn" : level](message);
      },
      onObserved(updates) {
        runs.take(updates);
        observed();
      },
      onExit(reason) {
        connection.console.warn(`The telemetry hub ended: ${reason}`);
        forget();
      },
    });
    starting.catch(forget);
    return starting;
  };

  connection.onRequest<HubResult, void>(HUB_METHOD, async (): Promise<HubResult> => {
    if (storage === null) return { err: "No folder to store runs in was given to the server, so it can't record any." };
    try {
      hub ??= start(storage);
      void watch();
      return { ok: (await hub).endpoint };
    } catch (error) {
      const message = (error as Error).message;
      connection.console.error(`The telemetry hub did not start: ${message}`);
      return { err: message };
    }
  });

  connection.onShutdown(async () => {
    const running = await hub?.catch(() => null);
    hub = null;
    await running?.stop();
  });
  return { documentsChanged: () => void watch() };
}
