import { expect, it, onTestFinished } from "vitest";
import type { LayerRow } from "./log-format.ts";
import { StagedLog } from "./staged-log.ts";

const part = { rank: 0, attempt: 0, series: "adamw" };
const row = (step: number, changes: Partial<LayerRow> = {}): LayerRow => ({
  ...{ part, step, table: "t", norms: Float32Array.of(step, 0.1), weights: null },
  ...changes,
});
const END = Number.MAX_SAFE_INTEGER;

async function staged(rows: readonly LayerRow[]) {
  const log = await StagedLog.open();
  onTestFinished(() => log.close());
  for (const one of rows) log.layers.put(one);
  return log.layers;
}

it("gives pages of one table that hold no more values than asked for, but a sample in any case", async () => {
  const layers = await staged([row(9, { table: "u" }), row(1), row(2), row(5), row(7)]);
  const steps = (after: number, to: number, limit: number) => {
    const { rows, next } = layers.page(part, after, to, limit);
    return { steps: rows.map(({ step }) => step), next };
  };
  expect(steps(-1, END, 4)).toEqual({ steps: [1, 2], next: 5 });
  expect(steps(4, END, 1)).toEqual({ steps: [5], next: 7 });
  expect(steps(1, 5, 100)).toEqual({ steps: [2, 5], next: null });
  expect(steps(1, END, 100)).toEqual({ steps: [2, 5, 7], next: 9 });
  expect(steps(8, END, 100)).toEqual({ steps: [9], next: null });
  expect(steps(9, END, 100)).toEqual({ steps: [], next: null });
});

it("puts the gradients and the weights of a step together, and takes the later of two tables", async () => {
  const weights = Float32Array.of(3, Number.NaN);
  const layers = await staged([
    row(1),
    row(1, { norms: null, weights }),
    row(2, { weights }),
    row(2, { table: "u", norms: Float32Array.of(Number.POSITIVE_INFINITY) }),
  ]);
  expect(layers.page(part, 0, 1, 100).rows).toEqual([row(1, { weights })]);
  expect(layers.page(part, 1, END, 100).rows).toEqual([row(2, { table: "u", norms: Float32Array.of(Infinity) })]);
});
