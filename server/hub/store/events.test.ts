import { expect, it, onTestFinished } from "vitest";
import type { EventKind, RunEvent } from "../../../protocol/telemetry.ts";
import { hello } from "../testing/clients.ts";
import { temporaryFolder } from "../testing/test-hub.ts";
import { openStore } from "./open.ts";
import { Store } from "./store.ts";

async function store() {
  const opened = new Store(await openStore(temporaryFolder(), () => {}));
  onTestFinished(() => opened.close());
  const greeting = hello();
  const run = opened.runs.put(greeting.run, 0);
  const attempt = opened.attempts.put(run, greeting, 0).key;
  let seq = 0;
  const tell = (kind: EventKind, step: number, data: RunEvent["data"] = {}, series = "adamw") =>
    opened.events.add(run, attempt, seq++, { kind, series, step, time: step, message: kind, data });
  const latest = (limit: number) => opened.events.latest(run, limit).map(({ kind, step }) => `${kind} ${step}`);
  const epochs = (limit: number) =>
    opened.events.latest(run, limit).flatMap(({ kind, data }) => (kind === "epoch" ? [data.epoch] : []));
  const counts = () => opened.events.counts(run);
  const all = (work: () => void) => opened.transaction(work);
  return { tell, latest, epochs, counts, all };
}

it("gives the latest of each kind, so that none pushes out another", async () => {
  const { tell, latest, counts } = await store();
  tell("explosion", 1);
  for (let step = 2; step < 40; step++) tell("checkpoint", step, { path: `${step}.pt` });
  tell("note", 40);
  for (let step = 41; step < 60; step++) tell("spike", step);
  expect(latest(3)).toEqual([
    "explosion 1",
    "checkpoint 37",
    "checkpoint 38",
    "checkpoint 39",
    "note 40",
    "spike 57",
    "spike 58",
    "spike 59",
  ]);
  expect(counts()).toEqual({ explosion: 1, checkpoint: 38, note: 1, spike: 19 });
});

it("gives all epochs where they are few, and else every so many'th over the whole run", async () => {
  const { tell, epochs, counts, all } = await store();
  for (let epoch = 0; epoch < 50; epoch++) tell("epoch", epoch * 10, { epoch });
  expect(epochs(50)).toHaveLength(50);
  tell("epoch", 500, { epoch: 50 });
  expect(epochs(50)).toEqual(Array.from({ length: 26 }, (_, i) => i * 2));
  all(() => {
    for (let epoch = 51; epoch < 20_000; epoch++) tell("epoch", epoch * 10, { epoch });
  });
  expect(epochs(500)).toEqual(Array.from({ length: 400 }, (_, i) => i * 50));
  expect(counts()).toEqual({});
});

it("counts the epochs of two optimizers together, and passes over those without a number", async () => {
  const { tell, epochs } = await store();
  for (let epoch = 0; epoch < 40; epoch++)
    for (const series of ["critic", "actor"]) tell("epoch", epoch * 10, { epoch }, series);
  tell("epoch", 400, { epoch: "the last" });
  expect(epochs(50)).toEqual(Array.from({ length: 40 }, (_, i) => 2 * Math.floor(i / 2)));
});
