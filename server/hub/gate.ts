/** The hub's door: a websocket server on loopback that lets in who holds the token, and nobody else. */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import { MAX_MESSAGE_BYTES } from "../../protocol/telemetry.ts";
import type { Log } from "./thread.ts";

export type Path = "/probe" | "/view";
const PATHS: readonly string[] = ["/probe", "/view"] satisfies Path[];
const MOST_CONNECTIONS = 1024;

export class Gate {
  readonly token = randomBytes(32).toString("base64url");
  private readonly http: Server;
  private readonly sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE_BYTES,
    perMessageDeflate: false,
    clientTracking: true,
  });
  private readonly log: Log;

  constructor(log: Log, accept: (path: Path, socket: WebSocket) => void) {
    this.log = log;
    this.http = createServer({ requestTimeout: 10_000, headersTimeout: 10_000 }, (_, response) => {
      response.writeHead(404, { Connection: "close" }).end();
    });
    this.http.maxConnections = MOST_CONNECTIONS;
    this.http.on("upgrade", (request: IncomingMessage, stream: Duplex, head: Buffer) => {
      stream.on("error", () => stream.destroy());
      const refusal = this.refusal(request);
      if (refusal) return this.turnAway(stream, refusal);
      this.sockets.handleUpgrade(request, stream, head, (socket) => accept(request.url as Path, socket));
    });
  }

  /** Listens on a free port of 127.0.0.1, and returns it. */
  async open(): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.http.once("error", reject);
      this.http.listen(0, "127.0.0.1", resolve);
    });
    return (this.http.address() as AddressInfo).port;
  }

  /** Resolves when no connection is left and all have been told so. */
  async close(): Promise<void> {
    const closed = Promise.all([
      new Promise((resolve) => this.http.close(resolve)),
      ...[...this.sockets.clients].map((socket) => new Promise((resolve) => socket.once("close", resolve))),
    ]);
    for (const socket of this.sockets.clients) socket.close(1001, "the editor is closing");
    const cut = setTimeout(() => {
      for (const socket of this.sockets.clients) socket.terminate();
      this.http.closeAllConnections();
    }, 500);
    await closed;
    clearTimeout(cut);
  }

  private refusal({ url, headers }: IncomingMessage): string | null {
    if (!PATHS.includes(url ?? "")) return "404 Not Found";
    // Only a web page sends one, and no web page has business here.
    if (headers.origin !== undefined) return "403 Forbidden";
    return this.isAuthorized(headers.authorization) ? null : "401 Unauthorized";
  }

  /** Digests have one length, so comparing them takes one time whatever was sent. */
  private isAuthorized(header = ""): boolean {
    const digest = (text: string) => createHash("sha256").update(text).digest();
    return timingSafeEqual(digest(header), digest(`Bearer ${this.token}`));
  }

  private turnAway(stream: Duplex, status: string): void {
    this.log("warn", `Refused a connection to the hub: ${status}.`);
    stream.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  }
}
