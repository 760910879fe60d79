import { WebSocket } from "ws";
import type { HubEndpoint } from "../../protocol/lsp.ts";
import { hello } from "./telemetry.ts";

/** Frames that may be under way before the hub has acknowledged them. */
const AHEAD = 2000;

export async function connect({ port, token }: HubEndpoint, path: string): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, { headers: { Authorization: `Bearer ${token}` } });
  await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
  return socket;
}

/**
 * Sends the first `count` frames of a run, from the first on that the hub does not have, so many a second at most, and resolves when
 * the last is acknowledged. `onAcknowledged`: told how many are, each time.
 */
export async function send(
  endpoint: HubEndpoint,
  run: string,
  count: number,
  frameOf: (seq: number) => Uint8Array,
  perSecond = Number.POSITIVE_INFINITY,
  onAcknowledged: (frames: number) => void = () => {},
): Promise<void> {
  const socket = await connect(endpoint, "/probe");
  let begun: number | null = null;
  let first = 0;
  let next = 0;
  let acknowledged = 0;
  const more = () => {
    if (begun === null) return;
    const due = Math.min(count, acknowledged + AHEAD, first + ((performance.now() - begun) / 1000) * perSecond);
    for (; next < due; next += 1) socket.send(frameOf(next));
  };
  const timer = setInterval(more, 10);
  await new Promise<void>((resolve, reject) => {
    socket.on("message", (data: Buffer) => {
      const message = JSON.parse(data.toString());
      if (message.type === "refused") reject(new Error(message.reason));
      acknowledged = message.next;
      onAcknowledged(acknowledged);
      if (begun === null) {
        begun = performance.now();
        first = next = acknowledged;
      }
      if (acknowledged >= count) resolve();
      else more();
    });
    socket.on("close", () => reject(new Error("the hub closed the connection")));
    socket.send(JSON.stringify(hello(run)));
  });
  clearInterval(timer);
  socket.close();
}

/** One request of a viewer: its answer, and how long it took in milliseconds. */
export function ask(socket: WebSocket, request: object): Promise<{ data: Buffer; ms: number }> {
  return new Promise((resolve) => {
    const begun = performance.now();
    const listen = (data: Buffer, isBinary: boolean) => {
      if (!isBinary && JSON.parse(data.toString()).id === undefined) return;
      socket.off("message", listen);
      resolve({ data, ms: performance.now() - begun });
    };
    socket.on("message", listen);
    socket.send(JSON.stringify({ id: 1, ...request }));
  });
}
