import { expect, test } from "vitest";
import type { Tile } from "../hub/tile.ts";
import { extremes, fillLine, gapsBefore, type Point } from "./lines.ts";

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

test("a gap is a point without a value", () => {
  const tile = tileAt(0, 1, 2, 10, 11);
  const points: Point[] = [];
  fillLine(points, tile, Float64Array.of(1, 2, 3, 4, 5), gapsBefore(tile));
  expect(points).toEqual([
    { x: 0, y: 1 },
    { x: 1, y: 2 },
    { x: 2, y: 3 },
    { x: 6, y: Number.NaN },
    { x: 10, y: 4 },
    { x: 11, y: 5 },
  ]);
});

test("a value without neighbours shows as a dot", () => {
  const values = Float64Array.of(1, Number.NaN, 3, Number.NaN, 5, 6);
  expect(fillLine([], tileAt(0, 1, 2, 3, 4, 5), values, new Set())).toEqual([2, 0, 2, 0, 0, 0]);
});

test("points are reused", () => {
  const points: Point[] = [];
  fillLine(points, tileAt(0, 1, 2), Float64Array.of(1, 2, 3), new Set());
  const [first] = points;
  fillLine(points, tileAt(5, 6), Float64Array.of(7, 8), new Set());
  expect(points).toHaveLength(2);
  expect(points[0]).toBe(first);
  expect(points[0]).toEqual({ x: 5, y: 7 });
});

test("a metric that was not recorded is a line of nothing", () => {
  const points: Point[] = [];
  fillLine(points, tileAt(0, 1), null, new Set());
  expect(points.every(({ y }) => Number.isNaN(y))).toBe(true);
});

test("extremes leave out what an axis can't show", () => {
  const data = Float64Array.of(0, Number.NaN, 2, Number.POSITIVE_INFINITY);
  const counts = new Uint32Array(4);
  const buckets = { min: data, max: data, mean: data, last: data, count: counts, nonfinite: counts };
  expect(extremes(buckets, true, true)).toEqual([2, 2]);
  expect(extremes(buckets, true, false)).toEqual([0, 2]);
});
