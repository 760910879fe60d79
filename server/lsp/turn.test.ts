import { PassThrough } from "node:stream";
import { afterEach, beforeEach, expect, it } from "vitest";
import {
  createMessageConnection,
  type MessageConnection,
  StreamMessageReader,
  StreamMessageWriter,
} from "vscode-languageserver-protocol/node";
import { afterOthers } from "./turn.ts";

let input: PassThrough;
let connection: MessageConnection;
beforeEach(() => {
  input = new PassThrough();
  connection = createMessageConnection(new StreamMessageReader(input), new StreamMessageWriter(new PassThrough()));
});
afterEach(() => connection.dispose());

/** In one piece, as from a client that did not wait. */
function send(...messages: object[]): void {
  const written = messages.map((message) => JSON.stringify({ jsonrpc: "2.0", ...message }));
  input.write(written.map((text) => `Content-Length: ${text.length}\r\n\r\n${text}`).join(""));
}

it("lets a cancellation and a change that wait in line behind a request go first", async () => {
  const order: string[] = [];
  const done = new Promise<void>((resolve) => {
    connection.onRequest("ask", async (name: string, token) => {
      await afterOthers();
      order.push(`${name}${token.isCancellationRequested ? " in vain" : ""}`);
      if (name === "second") resolve();
    });
  });
  connection.onNotification("change", () => {
    order.push("change");
  });
  connection.listen();
  send(
    { id: 1, method: "ask", params: ["first"] },
    { method: "change" },
    { method: "$/cancelRequest", params: { id: 1 } },
    { id: 2, method: "ask", params: ["second"] },
  );
  await done;
  expect(order).toEqual(["change", "first in vain", "second"]);
});
