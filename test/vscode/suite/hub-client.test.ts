import assert from "node:assert/strict";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { CancellationTokenSource, window } from "vscode";
import { type WebSocket, WebSocketServer } from "ws";
import { HubClient } from "../../../extension/hub/hub-client.ts";
import { HubSocket } from "../../../extension/hub/hub-socket.ts";

interface Message {
  readonly id: number;
  readonly method: string;
  readonly job?: number;
}

describe("a hub that hangs", () => {
  it("is told to end the job that was given up, in case that it comes back", async () => {
    const hung = new WebSocketServer({ host: "127.0.0.1", port: 0 });
    const messages: Message[] = [];
    const cancelled = new Promise<Message>((resolve) =>
      hung.on("connection", (connection: WebSocket) =>
        connection.on("message", (data) => {
          const message = JSON.parse(data.toString()) as Message;
          messages.push(message);
          if (message.method === "cancel") resolve(message);
        }),
      ),
    );
    await once(hung, "listening");
    const log = window.createOutputChannel("Gradsight, waiting in vain", { log: true });
    const { port } = hung.address() as AddressInfo;
    const socket = new HubSocket(async () => ({ ok: { port, token: "any", rendezvous: "" } }), log);
    const client = new HubClient(socket, log, 200);
    try {
      const job = { token: new CancellationTokenSource().token, onProgress: () => {} };
      await assert.rejects(client.job("inspect", { file: "log.csv" }, job), /does not answer/);
      const { job: ended } = await cancelled;
      assert.equal(messages.find(({ id }) => id === ended)?.method, "inspect");
    } finally {
      client.dispose();
      socket.dispose();
      for (const connection of hung.clients) connection.terminate();
      hung.close();
      log.dispose();
    }
  });
});
