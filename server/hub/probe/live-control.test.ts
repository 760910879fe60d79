import { expect, it } from "vitest";
import type { Override } from "../../../protocol/control.ts";
import type { ProbeMessage } from "../../../protocol/telemetry.ts";
import { end, frame, hello, ProbeClient, SERIES, ViewerClient } from "../testing/clients.ts";
import { TestHub } from "../testing/test-hub.ts";

const clip = { kind: "norm", function: "torch.nn.utils.clip_grad_norm_", location: null } as const;
const CLIPPED = { ...SERIES, clip };
const allowed = (changes: Parameters<typeof hello>[0] = {}) =>
  hello({ series: [CLIPPED], control: { overrides: [], paused: null }, ...changes });

async function connected(greeting = allowed()) {
  const hub = await TestHub.start();
  const { probe } = await ProbeClient.greet(hub.endpoint, greeting);
  const viewer = await ViewerClient.connect(hub.endpoint);
  const set = (threshold: unknown, series = "adamw", run = "run-1") =>
    viewer.request("control", { run, series, threshold });
  return { hub, probe, viewer, set };
}
const asked = (probe: ProbeClient) => probe.inbox.next((message) => message.type === "control");
const answer = (id: number, overrides: Override[], err: string | null = null): ProbeMessage => ({
  type: "controlled",
  id,
  err,
  control: { overrides, paused: null },
});

it("asks the probe, shows what is under way and then what holds, and answers once it does", async () => {
  const { probe, viewer, set } = await connected();
  expect((await viewer.subscribe("run-1")).control).toEqual({ overrides: [], pending: [], refusals: {}, paused: null });
  const heard = asked(probe);
  const done = set(0.5);
  const request = await heard;
  expect(request).toEqual({ type: "control", id: 0, series: "adamw", threshold: 0.5 });
  await viewer.pushed(({ control }) => control?.pending[0]?.threshold === 0.5);
  await expect(set(0.7)).rejects.toThrow("has yet to be made");
  const overrides: Override[] = [{ series: "adamw", threshold: 0.5, since: 12 }];
  const pushed = viewer.pushed(({ control }) => control?.overrides.length === 1);
  probe.send(answer(0, overrides));
  expect(await done).toEqual({});
  expect((await pushed).run?.control).toEqual({ overrides, pending: [], refusals: {}, paused: null });
});

it("tells what the probe says against it", async () => {
  const { probe, set } = await connected();
  const heard = asked(probe);
  const done = set("off");
  await heard;
  probe.send(answer(0, [], "This run has no such series."));
  await expect(done).rejects.toThrow("not-controlled: This run has no such series.");
});

it("knows from the greeting what holds", async () => {
  const overrides: Override[] = [{ series: "adamw", threshold: "off", since: 3 }];
  const { viewer } = await connected(allowed({ control: { overrides, paused: null } }));
  expect((await viewer.subscribe("run-1")).control?.overrides).toEqual(overrides);
});

it.each([
  ["a run that was not started so", hello({ series: [CLIPPED] }), "--allow-control"],
  ["a run without a clip", allowed({ series: [SERIES] }), "no clip whose threshold"],
  ["a run of several ranks", allowed({ worldSize: 2, group: "g" }), "ranks of a distributed run"],
  [
    "a clip that is fixed",
    allowed({ series: [{ ...CLIPPED, fixed: "Its threshold is part of the compiled step." }] }),
    "part of the compiled step",
  ],
])("refuses to change %s, and asks its probe nothing", async (_, greeting, reason) => {
  const { probe, viewer, set } = await connected(greeting);
  await expect(set(1)).rejects.toThrow(reason);
  await expect(set("script")).rejects.toThrow(reason);
  probe.send(frame(greeting, 0, [0], { norm_pre: [1] }));
  await probe.acknowledged(1);
  expect(probe.inbox.all.filter(({ type }) => type === "control")).toEqual([]);
  const { control } = await viewer.subscribe("run-1");
  if (greeting.control) expect(control?.refusals.adamw).toContain(reason);
  else expect(control).toBeNull();
});

it.each([0, -1, "Infinity", "NaN", "on", null, true, [], { valueOf: 1 }])(
  "refuses %j as a threshold",
  async (threshold) => {
    const { probe, set } = await connected();
    await expect(set(threshold)).rejects.toThrow("bad-request");
    probe.send(frame(allowed(), 0, [0], { norm_pre: [1] }));
    await probe.acknowledged(1);
    expect(probe.inbox.all.filter(({ type }) => type === "control")).toEqual([]);
  },
);

it("changes no run that is unknown, has no such series, has ended or is away", async () => {
  const { probe, viewer, set } = await connected();
  await expect(set(1, "adamw", "another")).rejects.toThrow("unknown-run");
  await expect(set(1, "sgd")).rejects.toThrow("bad-request");
  probe.send(end(0));
  await probe.acknowledged(1);
  await probe.close();
  await expect.poll(async () => (await viewer.subscribe("run-1")).control).toBeNull();
  await expect(set(1)).rejects.toThrow("not connected");
});

it("lets nobody wait for a probe that is gone", async () => {
  const { probe, set } = await connected();
  const heard = asked(probe);
  const done = set(1);
  await heard;
  void probe.close();
  await expect(done).rejects.toThrow("connection to the run was lost");
});

it("closes the connection of a probe that answers what it can't have been asked", async () => {
  const { probe } = await connected(hello());
  probe.send(answer(0, [{ series: "adamw", threshold: 1, since: 0 }]));
  expect(await probe.closed).toBe(1007);
});

it("takes an answer that nobody waits for as what holds, and drops what is malformed", async () => {
  const { probe, viewer } = await connected();
  probe.send(answer(99, [{ series: "__proto__", threshold: 2, since: 0 }]));
  await expect
    .poll(async () => (await viewer.subscribe("run-1")).control?.overrides)
    .toEqual([{ series: "__proto__", threshold: 2, since: 0 }]);
  probe.send(
    JSON.stringify({ ...answer(1, []), control: { overrides: [{ series: "adamw", threshold: "x", since: 0 }] } }),
  );
  expect(await probe.closed).toBe(1007);
});

const paused = { series: "adamw", step: 7, message: "The gradient norm is not finite.", canSkip: false };

it("shows a pause, passes on how to proceed from there, and refuses what is not asked for", async () => {
  const { probe, viewer } = await connected();
  const proceed = (step: unknown, action: unknown) => viewer.request("proceed", { run: "run-1", step, action });
  await viewer.subscribe("run-1");
  await expect(proceed(7, "apply")).rejects.toThrow("not-controlled");
  const pushed = viewer.pushed(({ control }) => control?.paused !== null);
  probe.send({ type: "control", control: { overrides: [], paused } });
  expect((await pushed).run?.control?.paused).toEqual(paused);
  expect((await viewer.runs())[0]).toMatchObject({ status: "running", paused });
  await expect(proceed(6, "apply")).rejects.toThrow("does not wait at this step");
  await expect(proceed(7, "skip")).rejects.toThrow("can't leave an update out");
  await expect(proceed(7, "retry")).rejects.toThrow("bad-request");
  const heard = probe.inbox.next((message) => message.type === "proceed");
  expect(await proceed(7, "stop")).toEqual({});
  expect(await heard).toEqual({ type: "proceed", step: 7, action: "stop" });
  expect(probe.inbox.all.filter(({ type }) => type === "proceed").length).toBe(1);
});

it("lets nobody proceed with a run that allows nothing, nor takes a pause from one", async () => {
  const { probe, viewer } = await connected(hello());
  await expect(viewer.request("proceed", { run: "run-1", step: 7, action: "stop" })).rejects.toThrow("--allow-control");
  probe.send({ type: "control", control: { overrides: [], paused } });
  expect(await probe.closed).toBe(1007);
});
