import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { LspClient } from "./client.ts";
import { UNCLIPPED } from "./scripts.ts";

const URI = "file:///project/train.py";
const OTHER = "file:///project/other/train.py";

describe("settings", () => {
  let client: LspClient;
  beforeEach(async () => {
    client = await LspClient.start();
  });
  afterEach(() => client.stop());

  it("apply without a reload", async () => {
    await client.open(URI, UNCLIPPED);
    expect(await client.pull(URI)).toMatchObject([{ severity: 2 }]);
    await client.until(() => client.registered.includes("workspace/didChangeConfiguration"));

    await client.changeSettings({ lint: { severity: { "missing-clipping": "error" } } });
    await client.until(() => client.refreshes === 1);
    expect(await client.pull(URI)).toMatchObject([{ severity: 1 }]);

    await client.changeSettings({ lint: { severity: { "missing-clipping": "off" } } });
    await client.until(() => client.refreshes === 2);
    expect(await client.pull(URI)).toEqual([]);

    await client.changeSettings({ lint: { enable: false } });
    await client.until(() => client.refreshes === 3);
    expect(await client.pull(URI)).toEqual([]);
    expect(await client.actions(URI, everything(UNCLIPPED))).toEqual([]);

    await client.changeSettings({ lint: { enable: true } });
    await client.until(() => client.refreshes === 4);
    expect(await client.pull(URI)).toHaveLength(1);
  });

  it("are each document's own", async () => {
    client.settings.set(OTHER, { lint: { severity: { "missing-clipping": "hint" } } });
    await client.open(URI, UNCLIPPED);
    await client.open(OTHER, UNCLIPPED);
    expect(await client.pull(URI)).toMatchObject([{ severity: 2 }]);
    expect(await client.pull(OTHER)).toMatchObject([{ severity: 4 }]);
  });

  for (const [what, settings] of Object.entries({
    "no object": 7,
    "a list": [],
    "a severity that is none": { lint: { severity: { "missing-clipping": "fatal" } } },
    "severities that are no object": { lint: { severity: "off" } },
    "lint as a list": { lint: [] },
  }))
    it(`that are ${what} are as good as none`, async () => {
      client.settings.set("", settings);
      await client.open(URI, UNCLIPPED);
      expect(await client.pull(URI)).toMatchObject([{ severity: 2 }]);
    });
});

describe("settings of a client that can't be asked", () => {
  it("are taken from what it sends", async () => {
    const client = await LspClient.start({ configuration: false, pulls: false });
    await client.open(URI, UNCLIPPED);
    expect((await client.published(URI)).diagnostics).toHaveLength(1);
    await client.changeSettings(null, { gradsight: { lint: { enable: false } } });
    expect((await client.published(URI)).diagnostics).toEqual([]);
    await client.stop();
  });
});

function everything(text: string) {
  return { start: { line: 0, character: 0 }, end: { line: text.split("\n").length, character: 0 } };
}
