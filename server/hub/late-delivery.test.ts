/** Steps that arrive when the run has long gone on without them: by socket, from a spill file, from a rank that lay behind. */
import { mkdirSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { HubEndpoint } from "../../protocol/lsp.ts";
import { frame, hello, ProbeClient, ViewerClient } from "./testing/clients.ts";
import { spillOf } from "./testing/spill-file.ts";
import { TestHub } from "./testing/test-hub.ts";

const FRAME = 1000;
/** How far the run goes on, in steps: beyond what is in memory of it. */
const FAR = 60_000;
const LATE = 1;
const SPIKE = 1500;
const NOT_FINITE = 1600;
const normAt = (step: number) => (step === SPIKE ? 1e6 : step === NOT_FINITE ? Number.NaN : 1 + (step % 7) / 10);

const stepsOf = (seq: number) => Array.from({ length: FRAME }, (_, i) => seq * FRAME + i);
const frameOf = (seq: number) => frame(hello(), seq, stepsOf(seq), { norm_pre: stepsOf(seq).map(normAt) });

/** A run that has gone on for long without the frame that is `LATE`. */
async function without(endpoint: HubEndpoint) {
  const { probe } = await ProbeClient.greet(endpoint, hello());
  for (let seq = 0; seq < FAR / FRAME; seq += 1) if (seq !== LATE) probe.send(frameOf(seq));
  await probe.acknowledged(FAR / FRAME);
  const viewer = await ViewerClient.connect(endpoint);
  const { summary, events } = await viewer.subscribe("run-1");
  expect(summary.steps).toBe(FAR - FRAME);
  expect(events.filter(({ kind }) => kind === "gap")).toMatchObject([{ step: 2 * FRAME }]);
  expect(Math.max(...(await viewer.tile())["norm_pre.max"]!)).toBe(1.6);
  return { probe, viewer };
}

/** All of it is shown, and what was extreme in it, at whatever zoom. */
async function expectAll(viewer: ViewerClient): Promise<void> {
  const { summary, series, events } = await viewer.subscribe("run-1");
  expect(summary.steps).toBe(FAR);
  expect(series[0]).toMatchObject({ firstStep: 0, lastStep: FAR - 1, nonFinite: 1 });
  expect(series[0]!.latest).toEqual({ norm_pre: normAt(FAR - 1) });
  const told = events.map(({ kind, step }) => [kind, step]);
  expect(told).toContainEqual(["spike", SPIKE]);
  expect(told).toContainEqual(["nonfinite", NOT_FINITE]);
  expect(told.filter(([kind]) => kind === "gap")).toEqual([]);
  for (const [to, buckets] of [
    [1e9, 1],
    [FAR - 1, 1000],
    [2 * FRAME - 1, 100],
    [2 * FRAME - 1, 2000],
  ] as const) {
    const tile = await viewer.tile({ to, buckets });
    const sum = (name: string) => tile[`norm_pre.${name}`]!.reduce((a, b) => a + b, 0);
    expect([sum("count"), sum("nonfinite")]).toEqual([Math.min(FAR, to + 1) - 1, 1]);
    const at = tile["norm_pre.max"]!.indexOf(1e6);
    expect(tile.from![at]).toBeLessThanOrEqual(SPIKE);
    expect(tile.to![at]).toBeGreaterThanOrEqual(SPIKE);
  }
}

it("shows what comes far too late by socket to who looks on, and doubles none of it", async () => {
  const hub = await TestHub.start();
  const { probe, viewer } = await without(hub.endpoint);
  const shown = viewer.pushed(({ summary }) => summary.steps === FAR);
  for (let time = 0; time < 2; time += 1) {
    const acknowledged = probe.inbox.next(({ type }) => type === "ack");
    probe.send(frameOf(LATE));
    expect(await acknowledged).toEqual({ type: "ack", next: FAR / FRAME });
    await shown;
    await expectAll(viewer);
  }
  // What was kept of it is what was seen.
  await hub.stop();
  await expectAll(await ViewerClient.connect((await TestHub.start({ storage: hub.storage })).endpoint));
}, 60_000);

it("shows what a spill file holds of a run that went on without it", async () => {
  const before = await TestHub.start();
  await without(before.endpoint);
  await before.stop();
  const folder = join(before.storage, "spill");
  mkdirSync(folder, { recursive: true });
  const gone = hello({ run: { ...hello().run, host: hostname(), pid: 2 ** 30 } });
  writeFileSync(join(folder, "run-1-0-attempt-1.gsspill"), spillOf(gone, frameOf(LATE)));
  const hub = await TestHub.start({ storage: before.storage });
  await hub.logs.find((line) => line.startsWith("Imported"));
  await expectAll(await ViewerClient.connect(hub.endpoint));
}, 60_000);

it("puts a norm together whose shares a rank tells when the others have long gone on", async () => {
  const hub = await TestHub.start();
  const probes = await Promise.all(
    [0, 1].map(async (rank) => {
      const told = hello({ rank, worldSize: 2, group: "g", attempt: `of-${rank}` });
      return { told, probe: (await ProbeClient.greet(hub.endpoint, told)).probe };
    }),
  );
  const tell = async (rank: number, seqs: number[]) => {
    const { told, probe } = probes[rank]!;
    for (const seq of seqs)
      probe.send(frame(told, seq, stepsOf(seq), { shard_pre: stepsOf(seq).map((step) => (3 + rank) * normAt(step)) }));
    await probe.acknowledged(seqs.at(-1)! + 1);
  };
  const all = Array.from({ length: FAR / FRAME }, (_, seq) => seq);
  await tell(0, all);
  await tell(1, [0]);
  const viewer = await ViewerClient.connect(hub.endpoint);
  await viewer.subscribe("run-1");
  const whole = async () => {
    const tile = await viewer.tile({ buckets: 1, metrics: ["norm_pre", "shard_pre"] });
    return ["shard_pre.count", "norm_pre.count", "norm_pre.nonfinite", "norm_pre.max"].map((name) => tile[name]?.[0]);
  };
  expect(await whole()).toEqual([FAR - 1, undefined, undefined, undefined]);
  await tell(1, all.slice(1));
  expect(await whole()).toEqual([FAR - 1, FAR - 1, 1, 5e6]);
}, 60_000);
