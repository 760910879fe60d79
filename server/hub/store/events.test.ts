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
  const within = (from: number, to: number, limit: number) => opened.events.within(run, from, to, limit);
  const counts = () => opened.events.counts(run);
  const all = (work: () => void) => opened.transaction(work);
  return { tell, latest, epochs, within, counts, all };
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

it("gives all that happened within a window, and the epochs that its steps are in, however many the run has", async () => {
  const { tell, epochs, within, all } = await store();
  all(() => {
    for (let epoch = 0; epoch < 6_000; epoch++) {
      tell("epoch", epoch * 10, { epoch });
      if (epoch % 3 === 0) tell("checkpoint", epoch * 10 + 9);
      if (epoch % 4 === 0) tell("spike", epoch * 10 + 5);
    }
  });
  const steps = (wanted: EventKind, of: RunEvent[]) => of.flatMap(({ kind, step }) => (kind === wanted ? [step] : []));
  expect(epochs(500)).not.toContain(5001);
  const shown = within(50_003, 50_097, 500);
  expect(steps("epoch", shown)).toEqual([
    50_000, 50_010, 50_020, 50_030, 50_040, 50_050, 50_060, 50_070, 50_080, 50_090, 50_100,
  ]);
  expect(steps("checkpoint", shown)).toEqual([50_019, 50_049, 50_079]);
  expect(steps("spike", shown)).toEqual([50_005, 50_045, 50_085]);
  expect(shown.map(({ time }) => time)).toEqual(shown.map(({ time }) => time).sort((a, b) => a - b));
  expect(within(500_000, 600_000, 500).map(({ step }) => step)).toEqual([59_990]);
});

it("gives of more in a window what can be told apart on its chart", async () => {
  const { tell, within, all } = await store();
  all(() => {
    for (let step = 0; step < 3_000; step++) {
      tell("epoch", step, { epoch: step });
      tell("note", step);
    }
  });
  const shown = within(500, 2499, 50);
  const numbers = shown.flatMap(({ kind, data }) => (kind === "epoch" ? [data.epoch] : []));
  expect(numbers).toEqual(Array.from({ length: 40 }, (_, i) => 500 + i * 50));
  const notes = shown.flatMap(({ kind, step }) => (kind === "note" ? [step] : []));
  expect(notes).toEqual(Array.from({ length: 50 }, (_, i) => 500 + i * 40));
});
