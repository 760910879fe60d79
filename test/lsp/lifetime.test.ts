import { once } from "node:events";
import { copyFile, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DIST, LspClient } from "./client.ts";
import { UNCLIPPED } from "./scripts.ts";

const URI = "file:///project/train.py";

describe("the server's life", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "gradsight-lifetime-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it("says who it is", async () => {
    const client = await LspClient.start();
    expect(client.result.serverInfo).toEqual({ name: "gradsight", version: expect.stringMatching(/^\d+\.\d+\.\d+$/) });
    expect(client.result.capabilities.textDocumentSync).toEqual({ openClose: true, change: 2 });
    expect(await client.stop()).toBe(0);
  });

  it("ends with its client, even one that does not say good-bye, and takes the hub along", async () => {
    const client = await LspClient.start({ initializationOptions: { storage: folder } });
    expect(await client.request("gradsight/hub", {})).toHaveProperty("ok");
    const exited = once(client.process, "exit");
    client.process.stdin!.end();
    await exited;
  });

  it("goes on without its grammar: says so, lints nothing, and still has a hub", async () => {
    for (const name of await readdir(DIST))
      if (name.endsWith(".mjs")) await copyFile(join(DIST, name), join(folder, name));
    const client = await LspClient.start({ dist: folder, initializationOptions: { storage: join(folder, "storage") } });
    await client.until(() => client.messages.some(({ message }) => message.includes("Python grammar")));
    await client.open(URI, UNCLIPPED);
    expect(await client.pull(URI)).toEqual([]);
    expect(client.logs.some(({ message }) => message.startsWith("Linting failed"))).toBe(true);
    expect(await client.request("gradsight/hub", {})).toHaveProperty("ok");
    expect(await client.stop()).toBe(0);
  });
});
