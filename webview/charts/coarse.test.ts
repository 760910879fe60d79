import { expect, test } from "vitest";
import type { MetricBuckets, Tile } from "../hub/tile.ts";
import { coarsen } from "./coarse.ts";

/** One bucket a step; NaN stands for a step without a finite value. */
function tileOf(from: number, values: number[]): Tile {
  const steps = Float64Array.from(values, (_, i) => from + i);
  const data = Float64Array.from(values);
  const buckets: MetricBuckets = {
    min: data,
    max: data,
    mean: data,
    last: data,
    count: Uint32Array.from(values, (v) => (Number.isNaN(v) ? 0 : 1)),
    nonfinite: Uint32Array.from(values, (v) => (Number.isNaN(v) ? 1 : 0)),
  };
  return { from: steps, to: steps, metrics: new Map([["clipped", buckets]]) };
}

test("a tile that is coarse enough is left alone", () => {
  const tile = tileOf(0, [1, 0]);
  expect(coarsen(tile, 2)).toBe(tile);
});

test("joined buckets keep extremes, weigh means, and count what is not finite", () => {
  const tile = coarsen(tileOf(0, [1, 0, 0, Number.NaN, 1, 1, 1, 1]), 2);
  const joined = tile.metrics.get("clipped")!;
  expect([...tile.from]).toEqual([0, 4]);
  expect([...tile.to]).toEqual([3, 7]);
  expect([...joined.mean]).toEqual([1 / 3, 1]);
  expect([...joined.min]).toEqual([0, 1]);
  expect([...joined.max]).toEqual([1, 1]);
  expect([...joined.last]).toEqual([0, 1]);
  expect([...joined.count]).toEqual([3, 4]);
  expect([...joined.nonfinite]).toEqual([1, 0]);
});

test("edges stay where they are while the run goes on", () => {
  const values = Array.from({ length: 40 }, (_, i) => i % 2);
  const early = coarsen(tileOf(0, values.slice(0, 33)), 8);
  const late = coarsen(tileOf(0, values), 8);
  expect([...late.from].slice(0, early.from.length)).toEqual([...early.from]);
});

test("a bucket without a finite value has none when joined either", () => {
  const joined = coarsen(tileOf(0, [Number.NaN, Number.NaN, 1, 1]), 2).metrics.get("clipped")!;
  expect(joined.mean[0]).toBeNaN();
  expect(joined.count[0]).toBe(0);
});
