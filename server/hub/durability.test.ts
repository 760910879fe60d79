import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it, onTestFinished } from "vitest";
import type { HubEndpoint } from "../../protocol/lsp.ts";
import { frame, hello, ProbeClient, ViewerClient } from "./testing/clients.ts";
import { TestHub, temporaryFolder } from "./testing/test-hub.ts";

const FRAME_STEPS = 10;
const frameOf = (seq: number) => {
  const steps = Array.from({ length: FRAME_STEPS }, (_, i) => seq * FRAME_STEPS + i);
  // One step in 500 is a spike, so that there are events to be found once.
  return frame(hello(), seq, steps, {
    norm_pre: steps.map((step) => (step % 500 === 499 ? 1e4 : 1 + (step % 7) / 10)),
  });
};

/** Sends frames, up to 200 ahead of their acknowledgement, until `kill` has broken the connection; returns the last one. */
async function sendUntilBroken(probe: ProbeClient, first: number, kill: () => unknown): Promise<number> {
  const acknowledged = () =>
    Math.max(first, ...probe.inbox.all.flatMap((message) => (message.type === "ack" ? [message.next] : [])));
  let broken = false;
  let killed = false;
  void probe.closed.then(() => {
    broken = true;
  });
  for (let seq = first; !broken; seq += 1) {
    probe.send(frameOf(seq));
    if (seq - acknowledged() >= 200) await Promise.race([probe.inbox.next(() => true), probe.closed]);
    if (killed || acknowledged() < first + 150) continue;
    killed = true;
    kill();
  }
  return acknowledged();
}

/** Connects again, sends the rest up to `total` frames, and checks that every step is there once. */
async function finishAndCheck(endpoint: HubEndpoint, acknowledged: number): Promise<void> {
  const { probe, next } = await ProbeClient.greet(endpoint, hello());
  expect(next).toBeGreaterThanOrEqual(acknowledged);
  const total = next + 40;
  // A probe that knows no better sends what it holds from the last acknowledgement on.
  for (let seq = acknowledged; seq < total; seq += 1) probe.send(frameOf(seq));
  await probe.acknowledged(total);
  const viewer = await ViewerClient.connect(endpoint);
  const run = await viewer.subscribe("run-1");
  const steps = total * FRAME_STEPS;
  expect(run.series[0]).toMatchObject({ steps, firstStep: 0, lastStep: steps - 1 });
  expect(run.summary.steps).toBe(steps);
  const counts = (await viewer.tile({ buckets: 20_000 }))["norm_pre.count"]!;
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(steps);
  expect(run.events.filter(({ kind }) => kind === "gap")).toEqual([]);
  const spikes = run.events.filter(({ kind }) => kind === "spike").map(({ step }) => step);
  expect(spikes).toEqual(Array.from({ length: Math.floor(steps / 500) }, (_, i) => i * 500 + 499));
}

it("loses nothing that it acknowledged and doubles nothing when its thread is killed", async () => {
  const storage = temporaryFolder();
  let acknowledged = 0;
  for (let life = 0; life < 2; life += 1) {
    const hub = await TestHub.start({ storage });
    const { probe, next } = await ProbeClient.greet(hub.endpoint, hello());
    expect(next).toBeGreaterThanOrEqual(acknowledged);
    const viewer = await ViewerClient.connect(hub.endpoint);
    await viewer.subscribe("run-1");
    acknowledged = await sendUntilBroken(probe, next, () => hub.kill());
  }
  const hub = await TestHub.start({ storage });
  await finishAndCheck(hub.endpoint, acknowledged);
});

it("loses nothing that it acknowledged when its whole process is killed", async () => {
  const storage = temporaryFolder();
  const script = fileURLToPath(new URL("./testing/hub-process.ts", import.meta.url));
  const child = spawn(process.execPath, [script, storage], { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  const endpoint: HubEndpoint = await new Promise((resolve, reject) => {
    child.stdout.once("data", (data: Buffer) => resolve(JSON.parse(data.toString())));
    child.once("exit", (code) => reject(new Error(`the hub's process ended with ${code}`)));
  });
  const { probe } = await ProbeClient.greet(endpoint, hello());
  const acknowledged = await sendUntilBroken(probe, 0, () => child.kill("SIGKILL"));
  const hub = await TestHub.start({ storage });
  await finishAndCheck(hub.endpoint, acknowledged);
});

it("commits what it has when it is asked to stop", async () => {
  const storage = temporaryFolder();
  const hub = await TestHub.start({ storage });
  const { probe } = await ProbeClient.greet(hub.endpoint, hello());
  for (let seq = 0; seq < 30; seq += 1) probe.send(frameOf(seq));
  await probe.acknowledged(1);
  await hub.stop();
  await probe.closed;
  const acks = probe.inbox.all.flatMap((message) => (message.type === "ack" ? [message.next] : []));
  const again = await TestHub.start({ storage });
  expect((await ProbeClient.greet(again.endpoint, hello())).next).toBeGreaterThanOrEqual(Math.max(...acks));
});
