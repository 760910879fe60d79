import { expect, test } from "vitest";
import type { LayerTile } from "../hub/layers.ts";
import { cellsOf, layerRows } from "./layer-rows.ts";

test("layers that fit have a row each", () => {
  expect(layerRows(["a.weight", "a.bias"], 4)).toEqual([
    { name: "a.weight", from: 0, to: 1 },
    { name: "a.bias", from: 1, to: 2 },
  ]);
});

test("of too many, the innermost modules that are few enough are rows", () => {
  const blocks = Array.from({ length: 30 }, (_, i) =>
    ["attention.q.weight", "attention.k.weight", "mlp.weight"].map((name) => `blocks.${i}.${name}`),
  ).flat();
  const rows = layerRows(["embed.weight", ...blocks, "head.weight"], 40);
  expect(rows.map(({ name }) => name).slice(0, 3)).toEqual(["embed.weight", "blocks.0", "blocks.1"]);
  expect(rows).toHaveLength(32);
  expect(rows[1]).toEqual({ name: "blocks.0", from: 1, to: 4 });
});

test("modules are told apart by slashes, too, and keep their name", () => {
  const names = Array.from({ length: 90 }, (_, i) => `network/block_${Math.floor(i / 3)}/dense_${i % 3}/kernel`);
  const rows = layerRows(names, 40);
  expect(rows[1]).toEqual({ name: "network/block_1", from: 3, to: 6 });
  expect(layerRows(names.slice(0, 6), 5).map(({ name }) => name)).toEqual(["network/block_0", "network/block_1"]);
});

test("what has one module around all of it is told apart by what is inside", () => {
  const names = Array.from({ length: 100 }, (_, i) => `model.layer.${i % 50 < 25 ? "a" : "b"}.${i}`);
  expect(layerRows(names, 10).map(({ name }) => name)).toEqual([
    "model.layer.a",
    "model.layer.b",
    "model.layer.a",
    "model.layer.b",
  ]);
});

test("names without modules are put together by their place, and every layer is in one row", () => {
  const names = Array.from({ length: 2001 }, (_, i) => `w${i}`);
  const rows = layerRows(names, 64);
  expect(rows.length).toBeLessThanOrEqual(64);
  expect(rows[0]!.name).toBe("w0 … w31");
  expect(rows.map(({ from }) => from)).toEqual([0, ...rows.slice(0, -1).map(({ to }) => to)]);
  expect(rows.at(-1)!.to).toBe(2001);
});

test("a row keeps the extremes of its layers, counts what is not finite, and leaves gaps where nothing was sampled", () => {
  const tile: LayerTile = {
    names: ["a.x", "a.y", "b"],
    first: 0,
    total: 3,
    from: Float64Array.of(0, 10),
    to: Float64Array.of(0, 10),
    min: Float32Array.of(1, 2, 0.5, Number.NaN, Number.NaN, Number.NaN),
    max: Float32Array.of(3, 4, 8, Number.NaN, Number.NaN, Number.NaN),
    mean: Float32Array.of(2, 3, 4, Number.NaN, Number.NaN, Number.NaN),
    count: Uint32Array.of(2, 2, 2, 0, 0, 0),
    nonfinite: Uint32Array.of(0, 0, 0, 2, 0, 1),
  };
  const cells = cellsOf(tile, [
    { name: "a", from: 0, to: 2 },
    { name: "b", from: 2, to: 3 },
  ]);
  expect([...cells.min]).toEqual([0.5, 2, Number.NaN, Number.NaN]);
  expect([...cells.max]).toEqual([8, 4, Number.NaN, Number.NaN]);
  expect([...cells.nonfinite]).toEqual([0, 2, 0, 1]);
});
