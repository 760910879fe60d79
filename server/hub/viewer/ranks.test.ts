import { expect, it } from "vitest";
import { runDetail } from "../../../protocol/viewer.ts";
import { end, frame, hello, ProbeClient, ViewerClient } from "../testing/clients.ts";
import { TestHub } from "../testing/test-hub.ts";

const rank = (number: number, group = "first", worldSize = 2) =>
  hello({ rank: number, worldSize, group, attempt: `${group}-${number}` });
/** Steps of this moment, which are worth waiting for. */
const now = () => Date.now() / 1000;

async function started(...hellos: ReturnType<typeof hello>[]) {
  const hub = await TestHub.start({ lostAfter: 2 });
  const probes = [];
  for (const greeting of hellos) probes.push((await ProbeClient.greet(hub.endpoint, greeting)).probe);
  return { hub, probes, viewer: await ViewerClient.connect(hub.endpoint) };
}

it("puts the norm together from the shares of all ranks, live and from the store alike", async () => {
  const { hub, probes, viewer } = await started(rank(0), rank(1));
  await viewer.subscribe("run-1");
  const startedAt = now();
  for (let seq = 0; seq < 3; seq += 1) {
    const all = viewer.pushed(({ series }) => series[0]?.latest.norm_pre === 5 * (seq + 1));
    probes[0]!.send(frame(rank(0), seq, [seq], { shard_pre: [3 * (seq + 1)], loss: [seq] }, { startedAt }));
    probes[1]!.send(frame(rank(1), seq, [seq], { shard_pre: [4 * (seq + 1)], loss: [9] }, { startedAt }));
    await all;
  }
  const live = await viewer.subscribe("run-1");
  expect(runDetail(live)).toEqual(live);
  expect(live.series.map(({ id, name, rank: of }) => [id, name, of])).toEqual([
    ["adamw", "adamw", 0],
    ["adamw@1", "adamw", 1],
  ]);
  expect(live.series[0]).toMatchObject({ steps: 3, latest: { norm_pre: 15, shard_pre: 9, loss: 2 } });
  expect(live.series[1]!.latest).toEqual({ shard_pre: 12, loss: 9 });
  expect((await viewer.tile())["norm_pre.max"]).toEqual([5, 10, 15]);
  const second = await TestHub.start({ storage: hub.storage });
  const afterwards = await (await ViewerClient.connect(second.endpoint)).subscribe("run-1");
  expect(afterwards.series).toEqual(live.series);
});

it("shows what was given up as a gap, and goes over it again when the share comes at last", async () => {
  const { probes, viewer } = await started(rank(0), rank(1));
  await viewer.subscribe("run-1");
  const long = { startedAt: now() - 60 };
  const gap = viewer.pushed(({ series }) => series[0]?.steps === 2);
  probes[0]!.send(frame(rank(0), 0, [0, 1], { shard_pre: [3, 3] }, long));
  expect((await gap).run!.series[0]!.latest).toEqual({ shard_pre: 3 });
  const whole = viewer.pushed(({ series }) => series[0]?.latest.norm_pre === 5);
  probes[1]!.send(frame(rank(1), 0, [0, 1], { shard_pre: [4, 4] }, long));
  expect((await whole).run!.series[0]).toMatchObject({ steps: 2 });
  expect((await viewer.tile())["norm_pre.count"]).toEqual([1, 1]);
});

it("combines no share with one of an earlier start", async () => {
  const { probes, viewer, hub } = await started(rank(0), rank(1));
  const startedAt = now() - 60;
  probes[1]!.send(frame(rank(1), 0, [0, 1], { shard_pre: [4, 4] }, { startedAt }));
  await probes[1]!.acknowledged(1);
  for (const group of ["first", "second"]) {
    const { probe } = await ProbeClient.greet(hub.endpoint, { ...rank(0, group), attempt: `again-${group}` });
    probe.send(
      frame({ ...rank(0, group), attempt: `again-${group}` }, 0, [0, 1], { shard_pre: [3, 3] }, { startedAt }),
    );
    await probe.acknowledged(1);
  }
  const run = await viewer.subscribe("run-1");
  expect(run.series[0]).toMatchObject({ steps: 4, latest: { shard_pre: 3 } });
  expect(run.series[0]!.latest.norm_pre).toBeUndefined();
});

it("says of each rank how it stands, and that of one that died", async () => {
  const { probes, viewer } = await started(rank(0, "first", 3), rank(1, "first", 3));
  probes[0]!.send(frame(rank(0), 0, [0, 1], { norm_pre: [1, 1] }));
  probes[1]!.send(frame(rank(1), 0, [0], { norm_pre: [1] }));
  await Promise.all(probes.map((probe) => probe.acknowledged(1)));
  await viewer.subscribe("run-1");
  const lost = viewer.pushed(({ ranks }) => ranks[1]?.status === "lost");
  await probes[1]!.close();
  const { run } = await lost;
  expect(run).toMatchObject({
    summary: { status: "running" },
    worldSize: 3,
    ranks: [
      { rank: 0, status: "running", lastStep: 1 },
      { rank: 1, status: "lost", lastStep: 0 },
    ],
  });
  const failed = viewer.pushed(({ ranks }) => ranks[0]?.status === "failed");
  probes[0]!.send(end(1, { status: "failed", error: "Connection closed by peer", exitCode: 1 }));
  expect((await failed).run!.ranks[0]).toMatchObject({ error: "Connection closed by peer", exitCode: 1 });
});

it("shows the seam where the ranks were started again, with every step of both", async () => {
  const { hub, probes, viewer } = await started(rank(0), rank(1));
  for (const [i, probe] of probes.entries()) {
    probe.send(frame(rank(i), 0, [0, 1, 2], { norm_pre: [1, 1, 1] }));
    await probe.acknowledged(1);
    await probe.close();
  }
  await viewer.subscribe("run-1");
  for (const number of [0, 1]) {
    const { probe } = await ProbeClient.greet(hub.endpoint, rank(number, "second"));
    probe.send(frame(rank(number, "second"), 0, [2, 3], { norm_pre: [1, 1] }));
    await probe.acknowledged(1);
  }
  const run = await viewer.subscribe("run-1");
  expect(run).toMatchObject({ attempts: 2, summary: { status: "running", steps: 5 } });
  expect(run.ranks.map(({ status, lastStep }) => [status, lastStep])).toEqual([
    ["running", 3],
    ["running", 3],
  ]);
  expect(run.events.map(({ kind, series, step, data }) => [kind, series, step, data.from])).toEqual([
    ["restart", "adamw", 2, 2],
    ["restart", "adamw@1", 2, 2],
  ]);
  expect(run.events[0]!.message).toBe("Attempt 2 goes on at step 2; the one before had come to step 2.");
});

it("has no ranks to show of a run with one process", async () => {
  const { viewer } = await started(hello());
  expect(await viewer.subscribe("run-1")).toMatchObject({ worldSize: 1, ranks: [] });
});
