import { createHash } from "node:crypto";
import { mkdir, mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { HubEndpoint, HubResult } from "../../protocol/lsp.ts";
import { end, frame, hello, ProbeClient, SERIES } from "../../server/hub/testing/clients.ts";
import { type ClientOptions, LspClient } from "./client.ts";
import { UNCLIPPED } from "./scripts.ts";

const UPDATE = { line: 9, character: 15 };
const SITE_LINE = 10;
/** Unix seconds: noon of a day that is the same one wherever the test runs. */
const STARTED = Date.UTC(2026, 10, 20, 12) / 1000;
const DATE = /20 November/;

const steady = (count: number): number[] => Array.from({ length: count }, (_, i) => 2 + 0.6 * Math.sin(i * 1.7));
const EXPLODING = [...steady(300), ...Array.from({ length: 12 }, (_, i) => 2 * 3 ** (i + 1))];

describe("what runs saw of an open script", () => {
  let folder: string;
  let file: string;
  let uri: string;
  let client: LspClient;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "gradsight-observed-"));
    await mkdir(join(folder, "storage"));
    file = join(folder, "train.py");
    uri = pathToFileURL(file).href;
    await writeFile(file, UNCLIPPED);
    await utimes(file, STARTED - 60, STARTED - 60);
  });
  afterEach(async () => {
    await client.stop();
    await rm(folder, { recursive: true });
  });

  async function start(options: ClientOptions = {}, more: object = {}): Promise<HubEndpoint> {
    client = await LspClient.start({
      ...options,
      initializationOptions: { storage: join(folder, "storage"), opensRuns: true, ...more },
    });
    const result = await client.request<HubResult>("gradsight/hub", {});
    if ("err" in result) throw new Error(result.err);
    return result.ok;
  }

  async function record(endpoint: HubEndpoint, id: string, norms: number[], scriptHash?: string): Promise<void> {
    const series = { ...SERIES, optimizer: "torch.optim.sgd.SGD", site: { file, line: SITE_LINE } };
    const greeting = hello({ id, series: [series] });
    const code = scriptHash === undefined ? null : { commit: null, scriptHash };
    const run = { ...greeting.run, script: file, startedAt: STARTED, code };
    const { probe } = await ProbeClient.greet(endpoint, { ...greeting, run });
    const steps = norms.map((_, i) => i);
    probe.send(frame(greeting, 0, steps, { norm_pre: norms }, { startedAt: STARTED }));
    probe.send(end(1));
    await probe.acknowledged(2);
    await probe.close();
  }

  it("is told with the finding, and offers the run's threshold and the run", async () => {
    const endpoint = await start();
    await client.open(uri, UNCLIPPED);
    expect(await client.pull(uri)).toMatchObject([{ severity: 2, code: "missing-clipping" }]);

    await record(endpoint, "exploding", EXPLODING);
    await client.until(() => client.refreshes > 0);
    const [diagnostic] = await client.pull(uri);
    expect(diagnostic).toMatchObject({ severity: 1, code: "missing-clipping", data: { run: "exploding" } });
    expect(diagnostic!.message).toMatch(/A run on 20 November.* exploded here after step \d+: the norm rose from/);

    const actions = await client.actions(uri, diagnostic!.range);
    const [fix] = actions;
    expect(fix!.title).toMatch(/^Clip the gradients to a norm of 0\.\d+, as the run on 20 November.* suggests$/);
    const show = actions.find(({ title }) => title.startsWith("Show the run on 20 November"));
    expect(show?.command).toMatchObject({ command: "gradsight.openRun", arguments: ["exploding"] });

    const hover = await client.hover(uri, UPDATE);
    expect(JSON.stringify(hover)).toContain("command:gradsight.openRun?%5B%22exploding%22%5D");
  });

  it("was recorded before, and is told as soon as the script is opened", async () => {
    const endpoint = await start();
    await record(endpoint, "calm", steady(1200));
    await client.open(uri, UNCLIPPED);
    await client.until(() => client.refreshes > 0);
    const [diagnostic] = await client.pull(uri);
    expect(diagnostic).toMatchObject({ severity: 3, message: expect.stringMatching(DATE) });
  });

  it("is of an older version while the text is another one than what ran", async () => {
    const endpoint = await start();
    await client.open(uri, UNCLIPPED);
    await record(endpoint, "exploding", EXPLODING);
    await client.until(() => client.refreshes > 0);

    const top = { line: 0, character: 0 };
    await client.change(uri, 2, { range: { start: top, end: top }, text: "# A line more.\n\n\n\n\n" });
    const [moved] = await client.pull(uri);
    expect(moved).toMatchObject({ severity: 2, range: { start: { line: 14 } } });
    expect(moved!.message).toMatch(/A run of an older version of this file on 20 November.* exploded here/);

    await client.change(uri, 3, { text: UNCLIPPED });
    expect(await client.pull(uri)).toMatchObject([{ severity: 1 }]);
  });

  it("is of an older version where the file was written after the run had started", async () => {
    await utimes(file, STARTED + 60, STARTED + 60);
    const endpoint = await start();
    await client.open(uri, UNCLIPPED);
    await record(endpoint, "exploding", EXPLODING);
    await client.until(() => client.refreshes > 0);
    expect(await client.pull(uri)).toMatchObject([
      { severity: 2, message: expect.stringContaining("of an older version of this file") },
    ]);
  });

  it("is of the text that the run tells the hash of, whenever that was written", async () => {
    const edited = UNCLIPPED.replace("lr=0.1", "lr=0.2");
    await utimes(file, STARTED + 60, STARTED + 60);
    const endpoint = await start();
    await client.open(uri, UNCLIPPED);
    await record(endpoint, "exploding", EXPLODING, createHash("sha256").update(edited).digest("hex"));
    await client.until(() => client.refreshes > 0);
    expect(await client.pull(uri)).toMatchObject([{ severity: 2, message: expect.stringContaining("older version") }]);
    await client.change(uri, 2, { text: edited });
    expect(await client.pull(uri)).toMatchObject([{ severity: 1 }]);
  });

  it("is pushed to a client that doesn't ask, without what it can't do", async () => {
    const endpoint = await start({ pulls: false }, { opensRuns: false });
    await client.open(uri, UNCLIPPED);
    expect((await client.published(uri)).diagnostics[0]).toMatchObject({ severity: 2 });
    await record(endpoint, "exploding", EXPLODING);
    const { diagnostics } = await client.published(uri);
    expect(diagnostics[0]).toMatchObject({ severity: 1, message: expect.stringMatching(DATE) });
    const actions = await client.actions(uri, diagnostics[0]!.range);
    expect(actions.filter(({ title }) => title.startsWith("Show the run"))).toEqual([]);
    expect(JSON.stringify(await client.hover(uri, UPDATE))).not.toContain("command:");
  });
});
