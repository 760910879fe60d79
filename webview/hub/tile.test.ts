import { expect, test } from "vitest";
import type { Column } from "../../protocol/frame.ts";
import { bucketAt, readTile, type Tile } from "./tile.ts";

const f64 = (...values: number[]): Column => ({
  dtype: "F64",
  shape: [values.length],
  data: Float64Array.from(values),
});
const u32 = (...values: number[]): Column => ({ dtype: "U32", shape: [values.length], data: Uint32Array.from(values) });
const columns = {
  from: f64(0, 10),
  to: f64(9, 19),
  "loss.min": f64(1, 2),
  "loss.max": f64(3, 4),
  "loss.mean": f64(2, 3),
  "loss.last": f64(3, 2),
  "loss.count": u32(10, 9),
  "loss.nonfinite": u32(0, 1),
};

test("a tile has the metrics that its columns hold", () => {
  const tile = readTile({ metadata: {}, columns });
  expect([...tile.metrics.keys()]).toEqual(["loss"]);
  expect([...tile.metrics.get("loss")!.nonfinite]).toEqual([0, 1]);
});

test.each([
  ["a column is missing", { ...columns, "loss.max": undefined }, /"loss.max" must be F64/],
  ["a column has another type", { ...columns, "loss.count": f64(1, 2) }, /"loss.count" must be U32/],
  ["a column has another length", { ...columns, "loss.mean": f64(1) }, /"loss.mean" has 1 values, not 2/],
  ["a metric is unknown", { ...columns, "mood.min": f64(1, 2) }, /expected/],
])("a tile is refused when %s", (_, broken, reason) => {
  expect(() => readTile({ metadata: {}, columns: broken as never })).toThrow(reason);
});

test("a step is found in its bucket, or in the nearest one", () => {
  const tile: Tile = { from: Float64Array.of(0, 10, 100), to: Float64Array.of(9, 19, 109), metrics: new Map() };
  expect([-5, 0, 9, 10, 30, 90, 109, 500].map((step) => bucketAt(tile, step))).toEqual([0, 0, 0, 1, 1, 2, 2, 2]);
  expect(bucketAt({ from: new Float64Array(), to: new Float64Array(), metrics: new Map() }, 3)).toBe(-1);
});
