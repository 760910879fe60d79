import { HUB_METHOD, type HubResult } from "../../protocol/lsp.ts";
import type { HubHandle } from "../hub/host.ts";
import type { Context } from "./context.ts";

/** `gradsight/hub`: starts the hub when first asked for it, and again when asked after it has died. Linting never needs it. */
export function registerHub({ connection, host, options: { storage } }: Context): void {
  let hub: Promise<HubHandle> | null = null;

  const start = (folder: string): Promise<HubHandle> => {
    const forget = () => {
      if (hub === starting) hub = null;
    };
    const starting: Promise<HubHandle> = host.startHub({
      storage: folder,
      onLog: (level, message) => connection.console[level](message),
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
}
