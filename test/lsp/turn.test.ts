/** What a client no longer waits for, or what would be said of an older text, is not worked out. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  CancellationTokenSource,
  CodeActionRequest,
  HoverRequest,
  LSPErrorCodes,
} from "vscode-languageserver-protocol/node";
import { LspClient } from "./client.ts";
import { UNCLIPPED } from "./scripts.ts";

const URI = "file:///project/train.py";
const position = { line: 9, character: 16 };
let client: LspClient;
beforeEach(async () => {
  client = await LspClient.start();
  await client.open(URI, UNCLIPPED);
});
afterEach(() => client.stop());

/** Does `meanwhile` while the server waits for settings, and has therefore the request but not answered it. */
async function held(ask: () => Promise<unknown>, meanwhile: () => unknown): Promise<unknown> {
  let release = () => {};
  client.holdSettings(
    new Promise((resolve) => {
      release = resolve;
    }),
  );
  const answer = ask();
  answer.catch(() => undefined);
  await client.until(() => client.asked > 0);
  await meanwhile();
  release();
  return answer;
}

const textDocument = { uri: URI };
const requests = {
  hover: (token?: CancellationTokenSource["token"]) =>
    client.connection.sendRequest(HoverRequest.type, { textDocument, position }, token),
  "code actions": (token?: CancellationTokenSource["token"]) =>
    client.connection.sendRequest(
      CodeActionRequest.type,
      { textDocument, range: { start: position, end: position }, context: { diagnostics: [] } },
      token,
    ),
};

describe.each(Object.entries(requests))("%s", (_, ask) => {
  it("are answered", async () => {
    expect(await ask()).toBeTruthy();
  });

  it("can be cancelled", async () => {
    const source = new CancellationTokenSource();
    const answer = held(
      () => ask(source.token),
      () => source.cancel(),
    );
    await expect(answer).rejects.toMatchObject({ code: LSPErrorCodes.RequestCancelled });
  });

  it("are not given for a text that has changed meanwhile", async () => {
    const answer = held(ask, () => client.change(URI, 2, { range: { start: position, end: position }, text: " " }));
    await expect(answer).rejects.toMatchObject({ code: LSPErrorCodes.ContentModified });
  });
});
