import { afterEach, beforeEach, expect, it } from "vitest";
import { LspClient } from "./client.ts";

const URI = "file:///project/conf/trainer.yaml";
const TEXT = "trainer:\n  max_epochs: 3\n  gradient_clip_val: 0\n";

let client: LspClient;
beforeEach(async () => {
  client = await LspClient.start();
});
afterEach(() => client.stop());

it("lints configurations, follows their edits, and offers to write a threshold", async () => {
  await client.open(URI, TEXT, "yaml");
  const range = { start: { line: 2, character: 21 }, end: { line: 2, character: 22 } };
  expect(await client.pull(URI)).toMatchObject([{ code: "disabled-clipping", range }]);
  const titles = (await client.actions(URI, range)).map(({ title }) => title);
  expect(titles).toContain("Clip the gradients to a norm of 1.0");
  await client.change(URI, 2, { range, text: "0.5" });
  expect(await client.pull(URI)).toEqual([]);
});

it("offers no comment where there is none: in JSON", async () => {
  const uri = "file:///project/ds.json";
  await client.open(uri, '{"train_batch_size": 1, "fp16": {}, "gradient_clipping": 0}', "json");
  const range = { start: { line: 0, character: 57 }, end: { line: 0, character: 58 } };
  const titles = (await client.actions(uri, range)).map(({ title }) => title);
  expect(titles).toContain("Clip the gradients to a norm of 1.0");
  expect(titles.filter((title) => /suppress|ignore|silence/i.test(title))).toEqual([]);
});

it("says nothing of data, and of nothing that it was not asked for", async () => {
  await client.open("file:///project/data.json", '{"train_batch_size": 1, "rows": [1, 2]}', "json");
  expect(await client.pull("file:///project/data.json")).toEqual([]);
  await client.open("file:///project/notes.md", TEXT, "markdown");
  expect(await client.pull("file:///project/notes.md")).toEqual([]);
});
