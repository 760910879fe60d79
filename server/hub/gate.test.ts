import { expect, it } from "vitest";
import type { WebSocket } from "ws";
import { MAX_MESSAGE_BYTES } from "../../protocol/telemetry.ts";
import { end, frame, golden, hello, open, ProbeClient, ViewerClient } from "./testing/clients.ts";
import { TestHub } from "./testing/test-hub.ts";

const outcome = (socket: WebSocket) =>
  new Promise<number>((resolve) => {
    socket.on("error", () => {});
    socket.on("unexpected-response", (_, response) => resolve(response.statusCode!));
    socket.on("open", () => resolve(101));
  });

it("lets in who holds the token, and nobody else", async () => {
  const hub = await TestHub.start();
  const { token } = hub.endpoint;
  const withHeaders = (headers: Record<string, string>, path = "/probe") =>
    outcome(open(hub.endpoint, path, { headers }));
  const good = { Authorization: `Bearer ${token}` };
  expect(await withHeaders(good)).toBe(101);
  expect(await withHeaders(good, "/view")).toBe(101);
  expect(await withHeaders({})).toBe(401);
  expect(await withHeaders({ Authorization: `Bearer ${token}x` })).toBe(401);
  expect(await withHeaders({ Authorization: `Bearer ${token.slice(0, -1)}` })).toBe(401);
  expect(await withHeaders({ Authorization: token })).toBe(401);
  expect(await withHeaders({ ...good, Origin: "http://127.0.0.1" })).toBe(403);
  expect(await withHeaders({ ...good, Origin: "null" })).toBe(403);
  expect(await withHeaders(good, "/")).toBe(404);
  expect(await withHeaders(good, "/probe/")).toBe(404);
  expect(await withHeaders({}, `/probe?token=${token}`)).toBe(404);
  expect((await fetch(`http://127.0.0.1:${hub.endpoint.port}/probe`)).status).toBe(404);
  await hub.stop();
  expect(hub.logs.all.filter((line) => line.includes("Refused a connection")).length).toBe(9);
  expect(hub.logs.all.join().includes(token)).toBe(false);
});

it("uses another token at each start", async () => {
  const [one, two] = [await TestHub.start(), await TestHub.start()];
  expect(one.endpoint.token).not.toBe(two.endpoint.token);
});

it("closes a connection that sends too large a message, and no other", async () => {
  const hub = await TestHub.start();
  const { probe } = await ProbeClient.greet(hub.endpoint, hello());
  const hostile = await ProbeClient.connect(hub.endpoint);
  hostile.send(new Uint8Array(MAX_MESSAGE_BYTES + 1));
  expect(await hostile.closed).toBe(1009);
  probe.send(frame(hello(), 0, [1], { norm_pre: [1] }));
  await probe.acknowledged(1);
});

it("closes the connection of a probe that says what it must not, and takes nothing of it", async () => {
  const hub = await TestHub.start();
  const greeted = await ProbeClient.greet(hub.endpoint, hello({ id: "other" }));
  for (const { text, about } of golden.messages.probe.invalid) {
    const { probe } = await ProbeClient.greet(hub.endpoint, hello({ id: "other", attempt: about }));
    probe.send(text);
    expect(await probe.closed, about).toBe(1007);
  }
  for (const opening of [frame(hello(), 0, [1]), JSON.stringify(end(0)), "hello?", "null"]) {
    const probe = await ProbeClient.connect(hub.endpoint);
    probe.send(opening);
    expect(await probe.closed).toBe(1007);
  }
  const viewer = await ViewerClient.connect(hub.endpoint);
  expect((await viewer.runs()).map(({ id, steps }) => [id, steps])).toEqual([["other", 0]]);
  greeted.probe.send(frame(hello({ id: "other" }), 0, [1]));
  await greeted.probe.acknowledged(1);
});

it("refuses a probe of another protocol by name", async () => {
  const hub = await TestHub.start();
  const probe = await ProbeClient.connect(hub.endpoint);
  probe.send(hello({ protocol: 2 }));
  expect(await probe.inbox.find(({ type }) => type === "refused")).toMatchObject({
    reason: expect.stringContaining("protocol 2"),
  });
  expect(await probe.closed).toBe(1008);
});

it("answers a viewer's nonsense, or hangs up where there is nobody to answer", async () => {
  const hub = await TestHub.start();
  const viewer = await ViewerClient.connect(hub.endpoint);
  await expect(viewer.request("dance" as never)).rejects.toThrow("bad-request");
  await expect(viewer.request("subscribe", { run: "none" })).rejects.toThrow("unknown-run");
  await expect(viewer.request("delete", { run: "none" })).rejects.toThrow("unknown-run");
  await expect(viewer.request("rename", { run: "x".repeat(65), name: "n" })).rejects.toThrow("bad-request");
  for (const window of [{ from: 2, to: 1 }, { buckets: 0 }, { buckets: 1e9 }])
    await expect(
      viewer.request("tile", { run: "r", series: "s", metrics: [], from: 0, to: 1, buckets: 1, ...window }),
    ).rejects.toThrow("bad-request");
  expect(await viewer.runs()).toEqual([]);
  for (const nonsense of ["{", "[]", "null", '{"id":-1}']) {
    const hostile = await ViewerClient.connect(hub.endpoint);
    hostile.send(nonsense);
    expect(await hostile.closed).toBe(1007);
  }
});
