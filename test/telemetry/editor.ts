/** What an editor runs: the bundled language server over its standard streams, its hub, and a viewer connected to that. */
import { once } from "node:events";
import { HUB_METHOD, type HubEndpoint, type HubResult } from "../../protocol/lsp.ts";
import { LspClient } from "../lsp/client.ts";
import { Viewer } from "./viewer.ts";

export class Editor {
  readonly client: LspClient;
  readonly endpoint: HubEndpoint;
  readonly viewer: Viewer;

  private constructor(client: LspClient, endpoint: HubEndpoint, viewer: Viewer) {
    this.client = client;
    this.endpoint = endpoint;
    this.viewer = viewer;
  }

  static async open(storage: string): Promise<Editor> {
    const client = await LspClient.start({ initializationOptions: { storage } });
    const hub = await client.request<HubResult>(HUB_METHOD, {});
    if ("err" in hub) throw new Error(hub.err);
    return new Editor(client, hub.ok, await Viewer.connect(hub.ok));
  }

  /** Ends as a crash does, with no chance to tidy up. */
  kill(): void {
    this.client.process.kill("SIGKILL");
  }

  async close(): Promise<void> {
    this.viewer.close();
    if (this.client.process.signalCode !== null) return;
    if (this.client.process.killed) await once(this.client.process, "exit");
    else await this.client.stop();
  }
}
