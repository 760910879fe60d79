import type { HubClient } from "../hub/hub-client.ts";

/** A starred run is kept when old runs are removed. */
export async function starRun(hub: HubClient, id: string, starred: boolean): Promise<void> {
  await hub.request("star", { run: id, starred });
}
