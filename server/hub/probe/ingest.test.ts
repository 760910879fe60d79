import { expect, it } from "vitest";
import type { ProbeMessage, Story } from "../../../protocol/telemetry.ts";
import { end, event, frame, golden, goldenFile, hello, ProbeClient, ViewerClient } from "../testing/clients.ts";
import { TestHub } from "../testing/test-hub.ts";

const norms = (...norm_pre: number[]) => ({ norm_pre });

async function connected() {
  const hub = await TestHub.start();
  const { probe, next } = await ProbeClient.greet(hub.endpoint, hello());
  const viewer = await ViewerClient.connect(hub.endpoint);
  return { hub, probe, next, viewer };
}

it("acknowledges what it committed, and shows it", async () => {
  const { probe, next, viewer } = await connected();
  expect(next).toBe(0);
  probe.send(frame(hello(), 0, [1, 2, 3], { norm_pre: [1, 2, 3], loss: [9, 8, 7], threshold: [2.5, 2.5, 2.5] }));
  probe.send(event(1, { message: "a note" }));
  probe.send(end(2, { status: "failed", error: "ValueError", exitCode: 1 }));
  await probe.acknowledged(3);
  const run = await viewer.subscribe("run-1");
  expect(run).toMatchObject({
    summary: { id: "run-1", name: "train.py", status: "failed", steps: 3 },
    error: "ValueError",
    exitCode: 1,
    attempts: 1,
    events: [{ kind: "note", message: "a note" }],
    eventCounts: { note: 1 },
  });
  expect(run.series[0]).toMatchObject({
    id: "adamw",
    steps: 3,
    firstStep: 1,
    lastStep: 3,
    latest: { norm_pre: 3, loss: 7, threshold: 2.5, clipped: 1 },
    advice: { verdict: "too-few-steps" },
  });
  const tile = await viewer.tile({ metrics: ["norm_pre", "clipped", "lr"] });
  expect(tile.from).toEqual([1, 2, 3]);
  expect(tile["norm_pre.max"]).toEqual([1, 2, 3]);
  expect(tile["clipped.mean"]).toEqual([0, 0, 1]);
  expect(Object.keys(tile).filter((name) => name.startsWith("lr"))).toEqual([]);
});

it("is not changed by a replay", async () => {
  const { hub, probe, viewer } = await connected();
  const messages = [frame(hello(), 0, [1, 2], norms(1, 2)), event(1), frame(hello(), 2, [3], norms(3))];
  for (const message of messages) probe.send(message);
  await probe.acknowledged(3);
  for (const message of messages) probe.send(message);
  probe.send(frame(hello(), 3, [4], norms(4)));
  await probe.acknowledged(4);
  const again = await ProbeClient.greet(hub.endpoint, hello());
  expect(again.next).toBe(4);
  for (const message of messages) again.probe.send(message);
  await again.probe.acknowledged(4);
  expect(await probe.closed).toBe(1000);
  const run = await viewer.subscribe("run-1");
  expect(run.series[0]!.steps).toBe(4);
  expect(run.summary.steps).toBe(4);
  expect(run.eventCounts).toEqual({ note: 1 });
  expect((await viewer.tile())["norm_pre.last"]).toEqual([1, 2, 3, 4]);
});

it("drops malformed frames with a log line, and goes on", async () => {
  const { hub, probe, viewer } = await connected();
  const good = hello();
  let seq = 0;
  for (const { file } of golden.malformed) {
    probe.send(goldenFile(file));
    probe.send(frame(good, ++seq, [seq], norms(seq)));
  }
  await probe.acknowledged(seq + 1);
  expect(hub.logs.all.filter((line) => line.startsWith("Dropped a frame")).length).toBe(golden.malformed.length);
  expect((await viewer.subscribe("run-1")).series[0]!.steps).toBe(golden.malformed.length);
});

it("closes a connection that sends nothing but malformed frames", async () => {
  const { probe } = await connected();
  for (const { file } of golden.malformed) probe.send(goldenFile(file));
  expect(await probe.closed).toBe(1007);
});

it("drops frames that are not the connection's or name what was not declared", async () => {
  const { hub, probe, viewer } = await connected();
  probe.send(frame(hello({ id: "run-2" }), 0, [1]));
  probe.send(frame(hello({ attempt: "other" }), 0, [1]));
  probe.send(frame(hello({ rank: 3 }), 0, [1]));
  probe.send(frame(hello(), 0, [1], {}, { series: "sgd" }));
  probe.send(goldenFile("frames/layers.safetensors"));
  probe.send(frame(hello(), 0, [1], norms(1)));
  await probe.acknowledged(1);
  expect(hub.logs.all.filter((line) => line.startsWith("Dropped a frame")).length).toBe(5);
  expect((await viewer.runs()).map(({ id, steps }) => [id, steps])).toEqual([["run-1", 1]]);
});

it("takes a series that is declared on the way, with its layers", async () => {
  const { probe, viewer } = await connected();
  const layers = { "table-1": ["a", "b", "c"] };
  probe.send({ type: "series", series: { ...hello().series[0]!, layers } });
  probe.send(goldenFile("frames/layers.safetensors"));
  await probe.acknowledged(3);
  expect((await viewer.subscribe("run-1")).series[0]!.steps).toBe(4);
});

it("drops steps that go backwards within an attempt, and takes them in a new one", async () => {
  const { hub, probe, viewer } = await connected();
  probe.send(frame(hello(), 0, [1, 2, 3, 4], norms(1, 1, 1, 1)));
  probe.send(frame(hello(), 1, [4, 5], norms(7, 7)));
  await hub.logs.find((line) => line.includes("step 4 comes after step 4"));
  const resumed = hello({ attempt: "attempt-2" });
  const again = await ProbeClient.greet(hub.endpoint, resumed);
  expect(again.next).toBe(0);
  again.probe.send(frame(resumed, 0, [3, 4, 5], norms(2, 2, 2)));
  await again.probe.acknowledged(1);
  expect((await viewer.subscribe("run-1")).attempts).toBe(2);
  const tile = await viewer.tile();
  expect(tile.from).toEqual([1, 2, 3, 4, 5]);
  expect(tile["norm_pre.count"]).toEqual([1, 1, 2, 2, 1]);
  expect(tile["norm_pre.last"]).toEqual([1, 1, 2, 2, 2]);
  expect(tile["norm_pre.min"]).toEqual([1, 1, 1, 1, 2]);
});

it("marks what was lost, until it comes after all", async () => {
  const { probe, viewer } = await connected();
  probe.send(frame(hello(), 0, [1, 2], norms(1, 2)));
  probe.send(event(1));
  probe.send(frame(hello(), 3, [5, 6], norms(5, 6)));
  await probe.acknowledged(4);
  const gaps = (run: { events: { kind: string }[] }) => run.events.filter(({ kind }) => kind === "gap");
  expect(gaps(await viewer.subscribe("run-1"))).toMatchObject([{ step: 5, series: "adamw", data: { from: 2, to: 5 } }]);
  const filled = viewer.pushed((run) => run.series[0]!.steps === 6);
  probe.send(frame(hello(), 2, [3, 5], norms(3, 5)));
  probe.send(frame(hello(), 2, [3, 4], norms(3, 4)));
  expect(gaps((await filled).run!)).toEqual([]);
  expect((await viewer.tile())["norm_pre.last"]).toEqual([1, 2, 3, 4, 5, 6]);
});

it("tells the ranks of a run apart", async () => {
  const { hub, probe, viewer } = await connected();
  const other = hello({ rank: 1, worldSize: 2 });
  const second = await ProbeClient.greet(hub.endpoint, other);
  probe.send(frame(hello(), 0, [1], norms(1)));
  second.probe.send(frame(other, 0, [1], norms(10)));
  second.probe.send(end(1));
  await Promise.all([probe.acknowledged(1), second.probe.acknowledged(2)]);
  const run = await viewer.subscribe("run-1");
  expect(run.series.map(({ id, label }) => [id, label])).toEqual([
    ["adamw", "AdamW"],
    ["adamw@1", "AdamW (rank 1)"],
  ]);
  expect(run.summary).toMatchObject({ status: "running", steps: 1 });
  expect((await viewer.tile({ series: "adamw@1" }))["norm_pre.last"]).toEqual([10]);
});

it("calls a run lost when its probe does not come back, and running when it does", async () => {
  const hub = await TestHub.start({ lostAfter: 0.2 });
  const viewer = await ViewerClient.connect(hub.endpoint);
  const { probe } = await ProbeClient.greet(hub.endpoint, hello());
  await viewer.listed(([run]) => run?.status === "running");
  await probe.close();
  await viewer.listed(([run]) => run?.status === "lost");
  const back = viewer.inbox.next(({ push, runs }) => push === "runs" && runs?.[0]?.status === "running");
  await ProbeClient.greet(hub.endpoint, hello());
  await back;
});

it("keeps hostile names as text", async () => {
  const { hub, viewer } = await connected();
  const name = `'; DROP TABLE runs; -- <script>alert(1)</script> \u202e\n勾配`;
  const hostile = hello({
    id: name.slice(0, 60),
    attempt: "__proto__",
    series: [{ ...hello().series[0]!, id: "__proto__", label: name }],
  });
  const { probe } = await ProbeClient.greet(hub.endpoint, { ...hostile, run: { ...hostile.run, name } });
  probe.send(frame(hostile, 0, [1], norms(1), { series: "__proto__" }));
  await probe.acknowledged(1);
  const run = await viewer.subscribe(hostile.run.id);
  expect(run.summary.name).toBe(name);
  expect(run.series.map(({ id, label, steps }) => [id, label, steps])).toEqual([["__proto__", name, 1]]);
  expect((await viewer.runs()).length).toBe(2);
  expect(hub.logs.all.every((line) => !line.includes("\n"))).toBe(true);
});

it("acknowledges nothing that could not be written, and takes it when it can be", async () => {
  const { hub, probe } = await connected();
  const db = hub.database();
  db.exec("CREATE TRIGGER full BEFORE INSERT ON frames BEGIN SELECT RAISE(ABORT, 'the disk is full'); END");
  probe.send(frame(hello(), 0, [1], norms(1)));
  expect(await probe.closed).toBe(1013);
  expect(probe.inbox.all.filter(({ type }) => type === "ack")).toEqual([]);
  expect(hub.logs.all).toContainEqual(
    expect.stringMatching(/^What a training tells could not be stored, and is told again\. .*: the disk is full\.$/),
  );
  db.exec("DROP TRIGGER full");
  db.close();
  const again = await ProbeClient.greet(hub.endpoint, hello());
  expect(again.next).toBe(0);
  again.probe.send(frame(hello(), 0, [1], norms(1)));
  await again.probe.acknowledged(1);
});

it("keeps the story of an explosion until more is told", async () => {
  const { probe, viewer } = await connected();
  const story = (title: string): Story => ({ incident: null, sections: [{ title, lines: [], table: [] }] });
  const told = async () => (await viewer.subscribe("run-1")).story?.sections[0]?.title;
  probe.send({ type: "story", story: story("first") });
  probe.send({ type: "story", story: story("again") });
  probe.send(event(0));
  await probe.acknowledged(1);
  expect(await told()).toBe("first");
  probe.send({ ...event(1), story: story("event") } as ProbeMessage);
  probe.send({ type: "story", story: story("late") });
  probe.send(event(2));
  await probe.acknowledged(3);
  expect(await told()).toBe("event");
});
