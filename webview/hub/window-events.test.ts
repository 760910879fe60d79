import { expect, test } from "vitest";
import type { RunEvent } from "../../protocol/telemetry.ts";
import { stepsAround, withEventsOf } from "./window-events.ts";

const epoch = (step: number): RunEvent => ({
  kind: "epoch",
  series: "adamw",
  step,
  time: 1e9 + step,
  message: `epoch ${step}`,
  data: { epoch: step },
});
const steps = (events: readonly RunEvent[]) => events.map(({ step }) => step);

test("the steps that are asked about hold the window, few beside it, and stay while it moves by a little", () => {
  for (const width of [0, 1, 7, 100, 1024, 33_333])
    for (const from of [0, 1, 99, 1023, 777_777]) {
      const around = stepsAround({ from, to: from + width });
      expect(around.from).toBeLessThanOrEqual(from);
      expect(around.to).toBeGreaterThanOrEqual(from + width);
      expect(around.to - around.from).toBeLessThanOrEqual(4 * Math.max(1, width));
    }
  const asked = new Set(Array.from({ length: 2000 }, (_, i) => stepsAround({ from: 5000 + i, to: 7000 + i }).from));
  expect(asked.size).toBeLessThanOrEqual(2);
});

test("the events of the run and of the window come once each, in the order of time", () => {
  const run = [0, 100, 200].map(epoch);
  expect(steps(withEventsOf(run, [99, 100, 101].map(epoch)))).toEqual([0, 99, 100, 101, 200]);
  expect(withEventsOf(run, [epoch(100)])).toBe(run);
});
