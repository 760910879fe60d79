import { expect, test } from "vitest";
import { encodeFrame } from "../../protocol/frame.ts";
import type { ViewerRequest } from "../../protocol/viewer.ts";
import { HubClient } from "./client.ts";

function client() {
  const sent: ViewerRequest[] = [];
  return { hub: new HubClient((request) => sent.push(request)), sent };
}

test("answers find their requests in any order", async () => {
  const { hub, sent } = client();
  const first = hub.request("runs", {});
  const second = hub.request("unsubscribe", {});
  hub.receive({ id: sent[1]!.id, ok: {} });
  hub.receive({ id: sent[0]!.id, ok: { runs: [] } });
  expect(await first).toEqual({ runs: [] });
  expect(await second).toEqual({});
});

test("a refusal rejects with the hub's words", async () => {
  const { hub, sent } = client();
  const answer = hub.request("subscribe", { run: "r" });
  hub.receive({ id: sent[0]!.id, err: { code: "unknown-run", message: "There is no such run." } });
  await expect(answer).rejects.toThrow("There is no such run.");
});

test("an answer of the wrong shape rejects and is reported", async () => {
  const { hub, sent } = client();
  const answer = hub.request("runs", {});
  expect(() => hub.receive({ id: sent[0]!.id, ok: { runs: "none" } })).toThrow(/runs: expected a list/);
  await expect(answer).rejects.toThrow();
});

test("a binary answer finds its request by its metadata", async () => {
  const { hub, sent } = client();
  const answer = hub.tile({ run: "r", series: "s", metrics: [], from: 0, to: 9, buckets: 10 });
  hub.receiveFrame(encodeFrame({ metadata: { reply: String(sent[0]!.id) }, columns: {} }));
  expect((await answer).metadata.reply).toBe(String(sent[0]!.id));
});

test("pushes are handed on, and what is no message is refused", () => {
  const { hub } = client();
  expect(hub.receive({ push: "runs", runs: [] })).toEqual({ push: "runs", runs: [] });
  expect(() => hub.receive({ push: "weather" })).toThrow();
  expect(() => hub.receive(null)).toThrow();
  expect(() => hub.receive({ ok: {} })).toThrow(/without an id/);
});

test("an answer that nobody waits for any more is no error", () => {
  expect(client().hub.receive({ id: 99, ok: {} })).toBeNull();
});

test("a lost connection fails what was under way", async () => {
  const { hub } = client();
  const answer = hub.request("runs", {});
  hub.abandon("disconnected");
  await expect(answer).rejects.toThrow("disconnected");
});
