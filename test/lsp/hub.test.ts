import { copyFile, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { HubResult } from "../../protocol/lsp.ts";
import { PROTOCOL_VERSION } from "../../protocol/version.ts";
import { DIST, LspClient } from "./client.ts";
import { UNCLIPPED } from "./scripts.ts";

const URI = "file:///project/train.py";

async function endpoint(client: LspClient) {
  const result = await client.request<HubResult>("gradsight/hub", {});
  if ("err" in result) throw new Error(result.err);
  return result.ok;
}

describe("gradsight/hub", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "gradsight-hub-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it("starts the hub once, says where it is, and takes it down again", async () => {
    const client = await LspClient.start({ initializationOptions: { storage: folder } });
    const [first, second] = await Promise.all([endpoint(client), endpoint(client)]);
    expect(second).toEqual(first);
    const rendezvous = JSON.parse(await readFile(first.rendezvous, "utf8"));
    expect(rendezvous).toMatchObject({ protocol: PROTOCOL_VERSION, port: first.port, token: first.token });
    expect(await client.stop()).toBe(0);
    await expect(readFile(first.rendezvous)).rejects.toThrow("ENOENT");
  });

  for (const [what, initializationOptions] of Object.entries({
    "there is no folder for it": undefined,
    "the folder is null": { storage: null },
    "the options are no options": { storage: 7 },
  }))
    it(`says that it can't when ${what}, and lints`, async () => {
      const client = await LspClient.start({ initializationOptions });
      expect(await client.request("gradsight/hub", {})).toEqual({ err: expect.stringContaining("folder") });
      await client.open(URI, UNCLIPPED);
      expect(await client.pull(URI)).toHaveLength(1);
      await client.stop();
    });

  it("says that it can't where the folder can't be made, and tries again when asked again", async () => {
    const storage = join(folder, "file", "storage");
    await writeFile(join(folder, "file"), "in the way");
    const client = await LspClient.start({ initializationOptions: { storage } });
    expect(await client.request("gradsight/hub", {})).toEqual({ err: expect.any(String) });
    await client.open(URI, UNCLIPPED);
    expect(await client.pull(URI)).toHaveLength(1);
    await rm(join(folder, "file"));
    expect((await endpoint(client)).port).toBeGreaterThan(0);
    await client.stop();
  });

  it("shows that a store was damaged and set aside", async () => {
    await writeFile(join(folder, "runs.sqlite"), "no database".repeat(1000));
    const client = await LspClient.start({ initializationOptions: { storage: folder } });
    await endpoint(client);
    await client.until(() => client.messages.some(({ message }) => /damaged .*set aside as/.test(message)));
    await client.stop();
  });

  it("outlives a hub that crashes, and starts another when asked", async () => {
    // The server as it is, beside a hub that is none: a worker that throws as soon as someone connects to it.
    for (const name of await readdir(DIST))
      if (/^(server|shared-.*)\.mjs$|\.wasm$/.test(name)) await copyFile(join(DIST, name), join(folder, name));
    await writeFile(join(folder, "hub.mjs"), CRASHING_HUB);
    const client = await LspClient.start({ dist: folder, initializationOptions: { storage: folder } });
    await client.open(URI, UNCLIPPED);

    const first = await endpoint(client);
    connect(first.port, "127.0.0.1").on("error", () => {});
    await client.until(() => client.logs.some(({ message }) => message.includes("The telemetry hub ended: crashed")));
    expect(await client.pull(URI)).toHaveLength(1);

    const second = await endpoint(client);
    expect(second.port).not.toBe(first.port);
    expect(await client.stop()).toBe(0);
  });
});

const CRASHING_HUB = `
import { createServer } from "node:net";
import { parentPort } from "node:worker_threads";
const server = createServer(() => { throw new Error("crashed"); });
server.listen(0, "127.0.0.1", () => {
  const { port } = server.address();
  parentPort.postMessage({ type: "ready", endpoint: { port, token: "none", rendezvous: "none" } });
});
parentPort.on("message", ({ type }) => { if (type === "stop") process.exit(0); });
`;
