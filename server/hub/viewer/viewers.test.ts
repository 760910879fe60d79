import { expect, it } from "vitest";
import type { ProbeMessage, Story } from "../../../protocol/telemetry.ts";
import { type RunDetail, runDetail, runSummary } from "../../../protocol/viewer.ts";
import { end, event, frame, hello, ProbeClient, ViewerClient } from "../testing/clients.ts";
import { TestHub, temporaryFolder } from "../testing/test-hub.ts";

const norms = (...norm_pre: number[]) => ({ norm_pre });

async function connected(id = "run-1") {
  const hub = await TestHub.start();
  const { probe } = await ProbeClient.greet(hub.endpoint, hello({ id }));
  const viewer = await ViewerClient.connect(hub.endpoint);
  return { hub, probe, viewer };
}

it("pushes the run that a viewer watches, in the shape of the contract, and no other", async () => {
  const { hub, probe, viewer } = await connected();
  const other = await ProbeClient.greet(hub.endpoint, hello({ id: "run-2" }));
  const bystander = await ViewerClient.connect(hub.endpoint);
  await viewer.subscribe("run-1");
  for (let seq = 0; seq < 5; seq += 1) {
    const pushed = viewer.pushed((run) => run.series[0]!.lastStep === seq);
    other.probe.send(frame(hello({ id: "run-2" }), seq, [seq], norms(1)));
    probe.send(frame(hello(), seq, [seq], norms(seq)));
    const { run } = await pushed;
    expect(runDetail(run)).toEqual(run);
  }
  const { runs } = await viewer.listed((list) => list.length === 2 && list.every(({ steps }) => steps === 5));
  expect(runs!.map((run) => runSummary(run))).toEqual(runs);
  const details = viewer.inbox.all.filter(({ push }) => push === "run");
  expect(details.every(({ run }) => run!.summary.id === "run-1")).toBe(true);
  expect(new Set(details.map((push) => JSON.stringify(push))).size).toBe(details.length);
  expect(bystander.inbox.all.some(({ push }) => push === "run")).toBe(false);
});

it("pushes nothing more after unsubscribe", async () => {
  const { probe, viewer } = await connected();
  await viewer.subscribe("run-1");
  await viewer.request("unsubscribe");
  const before = viewer.inbox.all.filter(({ push }) => push === "run").length;
  probe.send(frame(hello(), 0, [0], norms(1)));
  await viewer.listed(([run]) => run?.steps === 1);
  expect(viewer.inbox.all.filter(({ push }) => push === "run").length).toBe(before);
});

it("pushes nothing at all after pause, and the list again once it was asked for", async () => {
  const { hub, probe, viewer } = await connected();
  const other = await ViewerClient.connect(hub.endpoint);
  await viewer.subscribe("run-1");
  await viewer.request("pause");
  const before = viewer.inbox.all.filter(({ push }) => push).length;
  const seen = other.listed(([run]) => run?.steps === 1);
  probe.send(frame(hello(), 0, [0], norms(1)));
  await seen;
  await viewer.request("unsubscribe"); // whatever was pushed before this is answered has arrived
  expect(viewer.inbox.all.filter(({ push }) => push).length).toBe(before);
  await viewer.request("runs");
  const again = viewer.listed(([run]) => run?.steps === 2);
  probe.send(frame(hello(), 1, [1], norms(1)));
  await again;
});

it("carries NaN and the infinities to the tile and to the detail", async () => {
  const { probe, viewer } = await connected();
  const values = [1, Number.NaN, Number.POSITIVE_INFINITY, 4];
  probe.send(frame(hello(), 0, [0, 1, 2, 3], { norm_pre: values, loss: [1, undefined, undefined, Number.NaN] }));
  await probe.acknowledged(1);
  const all = await viewer.tile({ metrics: ["norm_pre", "loss"], buckets: 1 });
  expect(all).toMatchObject({
    from: [0],
    to: [3],
    "norm_pre.min": [1],
    "norm_pre.max": [4],
    "norm_pre.mean": [2.5],
    "norm_pre.last": [4],
    "norm_pre.count": [2],
    "norm_pre.nonfinite": [2],
    "loss.count": [1],
    "loss.nonfinite": [1],
  });
  const each = await viewer.tile({ buckets: 4 });
  expect(each["norm_pre.max"]).toEqual([1, Number.NaN, Number.NaN, 4]);
  const run = await viewer.subscribe("run-1");
  expect(run.series[0]).toMatchObject({ nonFinite: 3, latest: { norm_pre: 4, loss: "NaN" } });
});

it("gives another run when asked, and goes on pushing the one that is watched", async () => {
  const { hub, probe, viewer } = await connected();
  const other = await ProbeClient.greet(hub.endpoint, hello({ id: "run-2" }));
  other.probe.send(frame(hello({ id: "run-2" }), 0, [0, 1], norms(1, 2)));
  await other.probe.acknowledged(1);
  await viewer.subscribe("run-1");
  const { run } = await viewer.request<{ run: { summary: { id: string; steps: number } } }>("run", { run: "run-2" });
  expect(run.summary).toMatchObject({ id: "run-2", steps: 2 });
  const pushed = viewer.pushed(({ summary }) => summary.steps === 1);
  probe.send(frame(hello(), 0, [0], norms(1)));
  expect((await pushed).run!.summary.id).toBe("run-1");
  await expect(viewer.request("run", { run: "no such" })).rejects.toThrow("unknown-run");
});

it("gives the distribution of the norms that the advice rests on", async () => {
  const { probe, viewer } = await connected();
  probe.send(frame(hello(), 0, [0, 1, 2, 3], norms(2, Number.POSITIVE_INFINITY, 1, 2), { flags: [0, 1, 0, 0] }));
  await probe.acknowledged(1);
  const told = await viewer.request("distribution", { run: "run-1", series: "adamw" });
  expect(told).toEqual({ resolution: 0, norms: [1, 2], counts: [1, 2] });
  const none = await viewer.request("distribution", { run: "run-1", series: "another" });
  expect(none).toEqual({ resolution: 0, norms: [], counts: [] });
});

it("counts skipped steps apart from non-finite ones", async () => {
  const { probe, viewer } = await connected();
  probe.send(frame(hello(), 0, [0, 1], norms(1, Number.POSITIVE_INFINITY), { flags: [0, 1] }));
  await probe.acknowledged(1);
  expect((await viewer.subscribe("run-1")).series[0]).toMatchObject({ steps: 2, skipped: 1, nonFinite: 0 });
});

it("shows what the probe told of a step before what the hub found in it", async () => {
  const { probe, viewer } = await connected();
  probe.send(frame(hello(), 0, [0, 1], norms(1, Number.NaN)));
  const message = "The gradient of fc.weight is not finite.";
  await probe.acknowledged(1);
  expect((await viewer.subscribe("run-1")).events).toMatchObject([{ kind: "nonfinite", step: 1, series: "adamw" }]);
  const told = viewer.pushed(({ events }) => events[0]?.message === message);
  probe.send(event(1, { kind: "nonfinite", series: "adamw", step: 1, time: 1_790_000_001, message }));
  expect((await told).run!.eventCounts).toEqual({ nonfinite: 1 });
});

it("renames", async () => {
  const { hub, probe, viewer } = await connected();
  await viewer.request("rename", { run: "run-1", name: "  lr 0.1, take 2 " });
  await viewer.listed(([run]) => run?.name === "lr 0.1, take 2");
  await expect(viewer.request("rename", { run: "run-1", name: "  " })).rejects.toThrow("bad-request");
  await probe.close();
  await ProbeClient.greet(hub.endpoint, hello({ attempt: "attempt-2" }));
  expect((await viewer.runs())[0]!.name).toBe("lr 0.1, take 2");
});

it("deletes a run for good, even while it runs, and sends its probe away", async () => {
  const { hub, probe, viewer } = await connected();
  const other = await ProbeClient.greet(hub.endpoint, hello({ id: "run-2" }));
  probe.send(frame(hello(), 0, [0], norms(1)));
  await probe.acknowledged(1);
  await viewer.subscribe("run-1");
  await viewer.request("delete", { run: "run-1" });
  expect(await probe.closed).toBe(1008);
  expect(probe.inbox.all.at(-1)).toMatchObject({ type: "refused", reason: expect.stringContaining("deleted") });
  const again = await ProbeClient.connect(hub.endpoint);
  again.send(hello());
  expect(await again.inbox.find(() => true)).toMatchObject({ type: "refused" });
  await expect(viewer.subscribe("run-1")).rejects.toThrow("unknown-run");
  other.probe.send(frame(hello({ id: "run-2" }), 0, [0], norms(1)));
  await other.probe.acknowledged(1);
  expect((await viewer.runs()).map(({ id }) => id)).toEqual(["run-2"]);
});

it("serves one store to two windows", async () => {
  const storage = temporaryFolder();
  const [one, two] = [await TestHub.start({ storage }), await TestHub.start({ storage })];
  const { probe } = await ProbeClient.greet(one.endpoint, hello());
  const near = await ViewerClient.connect(one.endpoint);
  const far = await ViewerClient.connect(two.endpoint);
  await Promise.all([near.subscribe("run-1"), far.subscribe("run-1")]);
  for (let seq = 0; seq < 20; seq += 1) {
    const steps = Array.from({ length: 10 }, (_, i) => seq * 10 + i);
    probe.send(frame(hello(), seq, steps, { norm_pre: steps.map((step) => (step === 150 ? 1e5 : 1)) }));
  }
  const complete = (viewer: ViewerClient) =>
    viewer.inbox.find(({ run }) => run?.summary.steps === 200 && run.events.some(({ kind }) => kind === "spike"));
  const [here, there] = await Promise.all([complete(near), complete(far)]);
  expect(there.run!.series).toEqual(here.run!.series);
  expect(there.run!.events.filter(({ kind }) => kind === "spike").map(({ step }) => step)).toEqual([150]);
  expect(there.run!.summary.status).toBe("running");
  probe.send(end(20));
  await far.listed(([run]) => run?.status === "finished");
  await far.request("delete", { run: "run-1" });
  await near.listed((runs) => runs.length === 0);
  await expect(near.subscribe("run-1")).rejects.toThrow("unknown-run");
});

it("refuses a running probe whose run another window deleted", async () => {
  const storage = temporaryFolder();
  const [one, two] = [await TestHub.start({ storage }), await TestHub.start({ storage })];
  const { probe } = await ProbeClient.greet(one.endpoint, hello());
  const far = await ViewerClient.connect(two.endpoint);
  await far.request("delete", { run: "run-1" });
  probe.send(frame(hello(), 0, [0], norms(1)));
  expect(await probe.closed).toBe(1008);
  expect(await far.runs()).toEqual([]);
});

it("does not take a new run for one that another window deleted", async () => {
  const storage = temporaryFolder();
  const [one, two] = [await TestHub.start({ storage }), await TestHub.start({ storage })];
  const { probe } = await ProbeClient.greet(one.endpoint, hello());
  probe.send(frame(hello(), 0, [0, 1, 2], norms(1, 2, 3)));
  await probe.acknowledged(1);
  const near = await ViewerClient.connect(one.endpoint);
  const far = await ViewerClient.connect(two.endpoint);
  await near.subscribe("run-1");
  await far.request("delete", { run: "run-1" });
  const other = await ProbeClient.greet(two.endpoint, hello({ id: "run-2" }));
  other.probe.send(frame(hello({ id: "run-2" }), 0, [7], norms(7)));
  await other.probe.acknowledged(1);
  // Still connected to the first hub, which has not heard of the deletion.
  probe.send(frame(hello(), 1, [3], norms(4)));
  expect(await probe.closed).toBe(1008);
  expect((await near.subscribe("run-2")).series[0]).toMatchObject({ steps: 1, latest: { norm_pre: 7 } });
  expect((await near.tile({ run: "run-2" })).from).toEqual([7]);
});

it("tells the story of the rank that went bad first, and keeps it", async () => {
  const { hub, probe, viewer } = await connected();
  const told = (time: number, series = "adamw"): Story => ({
    incident: { kind: "nonfinite", series, step: 3, time },
    sections: [{ title: "What happened", lines: [`at ${time}`], table: [] }],
  });
  await viewer.subscribe("run-1");
  const { probe: second } = await ProbeClient.greet(hub.endpoint, { ...hello({ id: "run-1" }), rank: 1, attempt: "b" });
  const pushed = (time: number) => viewer.pushed((run) => run.story?.incident?.time === time);
  let next = pushed(20);
  probe.send({ ...event(0, { kind: "nonfinite", series: "adamw", step: 3 }), story: told(20) } as ProbeMessage);
  expect((await next).run?.story).toEqual(told(20));
  next = pushed(10);
  second.send(end(0, { status: "failed", story: told(10) }));
  expect((await next).run?.story).toEqual(told(10, "adamw@1"));
  next = pushed(5);
  probe.send(end(1, { status: "failed", story: told(5) }));
  expect((await next).run?.story).toEqual(told(5));
});

it("keeps what the user says of a run, and tells every viewer at once", async () => {
  const { hub, viewer } = await connected();
  const other = await ViewerClient.connect(hub.endpoint);
  await viewer.runs();
  await viewer.request("star", { run: "run-1", starred: true });
  await viewer.request("tag", { run: "run-1", tags: ["baseline", " baseline ", "", "bf16"] });
  await viewer.request("note", { run: "run-1", note: " Warm-up of 500 steps. " });
  const said = { starred: true, tags: ["baseline", "bf16"], note: "Warm-up of 500 steps." };
  await other.listed(([run]) => JSON.stringify(run?.note) === JSON.stringify(said.note));
  expect((await other.runs())[0]).toMatchObject({ ...said, source: null });
  await hub.stop();
  const again = await TestHub.start({ storage: hub.storage });
  expect((await (await ViewerClient.connect(again.endpoint)).runs())[0]).toMatchObject(said);
});

it("says at once in the list that a run went bad first, by the words of the probe", async () => {
  const { probe, viewer } = await connected();
  probe.send(frame(hello(), 0, [0, 1, 2], { norm_pre: [1, Number.NaN, 1] }));
  probe.send(
    event(1, { kind: "nonfinite", series: "adamw", step: 1, time: 20, message: "The gradient of fc.weight." }),
  );
  probe.send(event(2, { kind: "explosion", series: "adamw", step: 9, time: 30, message: "later" }));
  probe.send(event(3, { kind: "spike", series: "adamw", step: 0, time: 10, message: "nothing bad" }));
  await probe.acknowledged(4);
  const { run } = await viewer.request<{ run: RunDetail }>("run", { run: "run-1" }); // has the hub find what is in the frame
  const incident = { kind: "nonfinite", step: 1, time: 20, message: "The gradient of fc.weight." };
  expect(run.summary.incident).toEqual(incident);
  const [listed] = await viewer.runs();
  expect(runSummary(listed).incident).toEqual(incident);
});

it("finds an explosion in a run that nobody looks at", { timeout: 30_000 }, async () => {
  const { probe, viewer } = await connected();
  const listed = viewer.listed(([run]) => run?.incident != null);
  let told = false;
  const done = listed.then(({ runs }) => {
    told = true;
    return runs![0]!.incident;
  });
  for (let seq = 0; !told; seq += 1) {
    const steps = Array.from({ length: 5 }, (_, i) => seq * 5 + i);
    probe.send(frame(hello(), seq, steps, { norm_pre: steps.map((step) => (step < 100 ? 1 : 1.1 ** (step - 100))) }));
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  expect(await done).toMatchObject({ kind: "explosion", message: expect.stringContaining("Gradients explode") });
});
