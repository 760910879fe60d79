import { expect, test } from "vitest";
import { barsOf } from "./bars.ts";

const exact = (...norms: number[]) => ({ resolution: 0, norms, counts: norms.map(() => 1) });

test("every step is in the bar that its norm falls into", () => {
  const norms = Array.from({ length: 500 }, (_, i) => 0.01 * 1.03 ** i);
  const bars = barsOf(exact(...norms), 60);
  expect(bars.length).toBeLessThanOrEqual(61);
  for (const { from, to, count } of bars)
    expect(count).toBe(norms.filter((norm) => norm >= from * (1 - 1e-9) && norm < to * (1 - 1e-9)).length);
  expect(bars.reduce((sum, { count }) => sum + count, 0)).toBe(500);
});

test("the edges stay where they are when a larger norm comes, and double when they must", () => {
  const few = barsOf(exact(1, 2, 4), 100);
  const more = barsOf(exact(1, 2, 4, 4.1), 100);
  expect(more.slice(0, 2)).toEqual(few.slice(0, 2));
  const [wide] = barsOf(exact(1, 2, 4, 4000), 100);
  expect(Math.log(wide!.to / wide!.from) / Math.log(few[0]!.to / few[0]!.from)).toBeCloseTo(8, 9);
});

test("bins of one per cent are never split between bars", () => {
  const width = Math.log1p(0.01);
  const lowest = Math.log(1e-12);
  const norms = Array.from({ length: 64 }, (_, i) => Math.exp(lowest + (2776 + i + 0.5) * width));
  const bars = barsOf({ resolution: 0.01, norms, counts: norms.map(() => 10) }, 20);
  for (const { count } of bars.slice(1, -1)) expect(count).toBe(40);
});

test("norms that are all the same are one bar, and none are none", () => {
  expect(barsOf({ resolution: 0, norms: [3], counts: [40] }, 50)).toMatchObject([{ count: 40 }]);
  expect(barsOf(exact(), 50)).toEqual([]);
});
