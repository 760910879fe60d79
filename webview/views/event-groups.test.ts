import { expect, test } from "vitest";
import type { EventKind, RunEvent } from "../../protocol/telemetry.ts";
import { groupEvents, isGroup, largestOf } from "./event-groups.ts";

const event = (kind: EventKind, step: number | null, data: RunEvent["data"] = {}): RunEvent => ({
  kind,
  series: "a",
  step,
  time: step ?? 0,
  message: "",
  data,
});
const spike = (step: number) => event("spike", step, { norm: step, median: 2 });
const many = (from: number, count: number, kind: EventKind = "spike") =>
  Array.from({ length: count }, (_, i) => event(kind, from + i, { norm: from + i, median: 2 }));
/** Of events in the order in which they came. */
const told = (...events: RunEvent[]) =>
  groupEvents(events.toReversed()).map((entry) =>
    isGroup(entry) ? `${entry.events.length} × ${entry.kind}` : `${entry.kind} ${entry.step}`,
  );

test("many spikes are one entry, a few are themselves", () => {
  expect(told(...many(10, 20))).toEqual(["20 × spike"]);
  expect(told(...many(10, 4))).toEqual(["spike 13", "spike 12", "spike 11", "spike 10"]);
});

test("a group stands where its latest is, and marks and notes between do not end it", () => {
  const marked = [...many(10, 3), event("epoch", 20), event("note", 21), ...many(30, 3), event("checkpoint", 40)];
  expect(told(...marked)).toEqual(["checkpoint 40", "6 × spike", "note 21", "epoch 20"]);
});

test("what happened to the run ends a group", () => {
  const before = many(10, 6);
  const after = many(30, 5);
  expect(told(...before, event("explosion", 20), ...after)).toEqual(["5 × spike", "explosion 20", "6 × spike"]);
  expect(told(...before, event("restart", 20), spike(30))).toEqual(["spike 30", "restart 20", "6 × spike"]);
});

test("skipped steps and spikes are groups of their own, also where they take turns", () => {
  const turns = many(10, 5).flatMap((one) => [one, event("skipped", one.step)]);
  expect(told(...turns)).toEqual(["5 × skipped", "5 × spike"]);
  const few = [spike(10), event("skipped", 11), spike(12), event("skipped", 13)];
  expect(told(...few)).toEqual(["skipped 13", "spike 12", "skipped 11", "spike 10"]);
});

test("warnings are never put together, nor is what has no step", () => {
  expect(told(...many(10, 6, "warning"))).toHaveLength(6);
  expect(told(...Array.from({ length: 6 }, () => event("spike", null)))).toHaveLength(6);
});

test("a group has the same key while it grows, and names its largest", () => {
  const [group] = groupEvents(many(10, 6).toReversed()).filter(isGroup);
  const [grown] = groupEvents(many(10, 9).toReversed()).filter(isGroup);
  expect(grown!.key).toBe(group!.key);
  expect(largestOf(grown!)).toEqual({ step: 18, norm: 18, factor: 9 });
  const [untold] = groupEvents(many(10, 6).map(({ step }) => event("spike", step))).filter(isGroup);
  expect(largestOf(untold!)).toBeNull();
});
