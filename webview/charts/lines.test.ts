import { expect, test } from "vitest";
import type { Tile } from "../hub/tile.ts";
import { extremes, gapsBefore, runsOf } from "./lines.ts";

const tileAt = (...steps: number[]): Tile => ({
  from: Float64Array.from(steps),
  to: Float64Array.from(steps),
  metrics: new Map(),
});

test("a line breaks where steps are missing, and only there", () => {
  expect([...gapsBefore(tileAt(0, 1, 2, 10, 11))]).toEqual([3]);
  expect([...gapsBefore(tileAt(0, 10, 20, 30))]).toEqual([]);
  expect([...gapsBefore(tileAt())]).toEqual([]);
});

test("a line ends where a value is missing, and before a gap", () => {
  const values = Float64Array.of(1, Number.NaN, 3, Number.NaN, 5, 6, 7);
  expect(runsOf(values, new Set([6]))).toEqual([
    { first: 0, last: 0 },
    { first: 2, last: 2 },
    { first: 4, last: 5 },
    { first: 6, last: 6 },
  ]);
  expect(runsOf(values, new Set(), 3, 5)).toEqual([{ first: 4, last: 5 }]);
  expect(runsOf(new Float64Array(2).fill(Number.NaN), new Set())).toEqual([]);
  expect(runsOf(new Float64Array(), new Set())).toEqual([]);
});

test("extremes leave out what an axis can't show", () => {
  const data = Float64Array.of(0, Number.NaN, 2, Number.POSITIVE_INFINITY);
  const counts = new Uint32Array(4);
  const buckets = { min: data, max: data, mean: data, last: data, count: counts, nonfinite: counts };
  expect(extremes(buckets, true, true)).toEqual([2, 2]);
  expect(extremes(buckets, true, false)).toEqual([0, 2]);
});
