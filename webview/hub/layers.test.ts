import { expect, test } from "vitest";
import type { Column } from "../../protocol/frame.ts";
import { readLayers } from "./layers.ts";

const text = (value: string): Column => {
  const data = new TextEncoder().encode(value);
  return { dtype: "U8", shape: [data.length], data };
};
const f64 = (...values: number[]): Column => ({
  dtype: "F64",
  shape: [values.length],
  data: Float64Array.from(values),
});
const f32 = (...values: number[]): Column => ({ dtype: "F32", shape: [2, 1], data: Float32Array.from(values) });
const u32 = (...values: number[]): Column => ({ dtype: "U32", shape: [2, 1], data: Uint32Array.from(values) });
const metadata = { rows: "0", layers: "2" };
const columns = {
  from: f64(0),
  to: f64(9),
  min: f32(1, 2),
  max: f32(3, 4),
  mean: f32(2, 3),
  count: u32(10, 9),
  nonfinite: u32(0, 1),
  names: text('["ä.weight","b"]'),
};

test("layers have their names in order, and a row of cells each", () => {
  const { names, total, max } = readLayers({ metadata, columns });
  expect([names, total, [...max]]).toEqual([["ä.weight", "b"], 2, [3, 4]]);
});

test.each([
  ["a column is missing", { ...columns, max: undefined }, /"max" must be F32/],
  ["a column has another type", { ...columns, count: f64(1, 2) }, /"count" must be U32/],
  ["a column has another length", { ...columns, mean: f32(1) }, /"mean" has 1 values, not 2/],
  ["the names are no list", { ...columns, names: text("{}") }, /expected a list/],
])("layers are refused when %s", (_, broken, reason) => {
  expect(() => readLayers({ metadata, columns: broken as never })).toThrow(reason);
});
