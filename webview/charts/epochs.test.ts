import { expect, test } from "vitest";
import type { RunEvent } from "../../protocol/telemetry.ts";
import { placeCheckpoints } from "./checkpoints.ts";
import { epochAt, epochsOf, placeEpochs } from "./epochs.ts";

const AREA = { left: 50, right: 650 };
/** Names of 6 pixels a letter, a step a pixel. */
const placed = (epochs: { step: number; number: number }[]) =>
  placeEpochs(
    epochs,
    AREA,
    (step) => AREA.left + step,
    (number) => 6 * `Epoch ${number}`.length,
  );
const every = (steps: number, count: number) =>
  Array.from({ length: count }, (_, number) => ({ step: number * steps, number }));

const gapsOf = (found: readonly { x: number }[]) => Math.min(...found.slice(1).map(({ x }, i) => x - found[i]!.x));

const event = (kind: RunEvent["kind"], step: number | null, epoch: number | string): RunEvent => {
  return { kind, series: null, step, time: 0, message: "", data: { epoch } };
};

test("epochs with a step and a number, in the order of steps; nothing else", () => {
  const events = [event("epoch", 7, 1), event("spike", 3, 9), event("epoch", null, 2), event("epoch", 3, 0)];
  expect(epochsOf([...events, event("epoch", 9, "two")])).toEqual([
    { step: 3, number: 0 },
    { step: 7, number: 1 },
  ]);
});

test("each has a line and its name where there is room, within the window", () => {
  expect(placed([{ step: -1, number: 0 }, ...every(200, 4), { step: 601, number: 5 }])).toEqual([
    { x: 50, number: 0, isNamed: true },
    { x: 250, number: 1, isNamed: true },
    { x: 450, number: 2, isNamed: true },
    { x: 650, number: 3, isNamed: false },
  ]);
});

test.each([
  [50, 1, 2],
  [30, 2, 2],
  [25, 5, 5],
  [15, 5, 5],
  [9, 5, 10],
  [7, 10, 10],
  [4.5, 10, 20],
  [0.8, 50, 100],
  [0.01, 5000, 10_000],
])("at %d pixels an epoch every %dth has a line and every %dth a name", (distance, line, name) => {
  const found = placed(every(distance, Math.floor(600 / distance) + 1));
  expect(found.map(({ number }) => number)).toEqual(found.map((_, i) => i * line));
  const named = found.filter(({ isNamed }) => isNamed);
  expect(named.map(({ number }) => number)).toEqual(named.map((_, i) => i * name));
  expect(gapsOf(found)).toBeGreaterThanOrEqual(40);
  expect(gapsOf(named)).toBeGreaterThanOrEqual(54);
  expect(named.length).toBeGreaterThan(3);
});

test("epochs that were gone over again after a restart don't lie on each other", () => {
  const again = [...every(100, 4), ...every(100, 6).map(({ step, number }) => ({ step: step + 3, number }))];
  const found = placed(again.sort((a, b) => a.step - b.step));
  expect(gapsOf(found)).toBeGreaterThanOrEqual(40);
  expect(found.length).toBeGreaterThan(2);
});

test("a step is in the epoch that began last, if that is known", () => {
  const epochs = every(100, 3);
  expect(epochAt(epochs, 0)?.number).toBe(0);
  expect(epochAt(epochs, 199)?.number).toBe(1);
  expect(epochAt(epochs, 5000)?.number).toBe(2);
  expect(epochAt(epochs, -1)).toBe(null);
  const thinned = epochs.map(({ step, number }) => ({ step, number: 5 * number }));
  expect([0, 150, 5000].map((step) => epochAt(thinned, step))).toEqual([null, null, null]);
});

test("flags keep their distance, and the last stays", () => {
  const saved = Array.from({ length: 30 }, (_, i) => ({ step: 100 + 5 * i, name: "" }));
  const found = placeCheckpoints(
    [{ step: 10, name: "" }, ...saved, { step: 9999, name: "" }],
    AREA,
    (step) => 50 + step,
  );
  expect(found[0]).toBe(60);
  expect(found.at(-1)).toBe(295);
  expect(Math.min(...found.slice(1).map((x, i) => x - found[i]!))).toBe(15);
});
