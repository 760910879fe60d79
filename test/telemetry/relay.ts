/** A relay between probe and hub that keeps its port over the hub's lives, and can lose what the hub says. */
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";

export class Relay {
  /** For the probe: the hub's, but with the relay's port. */
  readonly rendezvous: string;
  /** Acknowledgements are lost, so that a hub that is killed now dies between commit and acknowledgement. */
  deaf = false;
  private readonly server: Server;
  private hubPort = 0;

  private constructor(server: Server, folder: string) {
    this.server = server;
    this.rendezvous = join(folder, "relay.json");
  }

  static async open(folder: string): Promise<Relay> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const relay = new Relay(server, folder);
    server.on("connection", (probe) => relay.join(probe));
    return relay;
  }

  /** The hub that listens from now on. */
  leadTo(rendezvous: string): void {
    const content = JSON.parse(readFileSync(rendezvous, "utf8"));
    this.hubPort = content.port;
    const { port } = this.server.address() as AddressInfo;
    writeFileSync(`${this.rendezvous}.new`, JSON.stringify({ ...content, port }));
    renameSync(`${this.rendezvous}.new`, this.rendezvous);
  }

  close(): void {
    this.server.close();
  }

  private join(probe: Socket): void {
    const hub = connect(this.hubPort, "127.0.0.1");
    probe.pipe(hub);
    hub.on("data", (data) => {
      if (!this.deaf) probe.write(data);
    });
    for (const [one, other] of [
      [probe, hub],
      [hub, probe],
    ] as const) {
      one.on("error", () => other.destroy());
      one.on("close", () => other.destroy());
    }
  }
}
