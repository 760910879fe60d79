import { afterEach, beforeEach, expect, it } from "vitest";
import { LspClient } from "./client.ts";
import { CLIPPED } from "./scripts.ts";

const URI = "file:///project/train.py";
let client: LspClient;
beforeEach(async () => {
  client = await LspClient.start();
});
afterEach(() => client.stop());

it("says of an update how it is clipped", async () => {
  await client.open(URI, CLIPPED);
  const line = CLIPPED.split("\n").indexOf("    optimizer.step()");
  const hover = await client.hover(URI, { line, character: 16 });
  expect(hover).toMatchObject({ contents: { kind: "markdown" }, range: { start: { line }, end: { line } } });
  expect(JSON.stringify(hover!.contents)).toMatch(/clip/i);
});

it("has nothing to say elsewhere, when switched off, and of what is not open", async () => {
  await client.open(URI, CLIPPED);
  expect(await client.hover(URI, { line: 2, character: 0 })).toBeNull();
  expect(await client.hover("file:///project/other.py", { line: 0, character: 0 })).toBeNull();
  await client.changeSettings({ lint: { enable: false } });
  await client.until(() => client.refreshes === 1);
  const line = CLIPPED.split("\n").indexOf("    optimizer.step()");
  expect(await client.hover(URI, { line, character: 16 })).toBeNull();
});
