import { expect, it } from "vitest";
import type { Batch } from "../../../protocol/batch.ts";
import type { GroupRate } from "../../../protocol/viewer.ts";
import type { BlockSource } from "../pyramid/step-pyramid.ts";
import { UnitBlock } from "../pyramid/unit-block.ts";
import { ValueBlock } from "../pyramid/value-block.ts";
import { SERIES } from "../testing/clients.ts";
import { SeriesModel } from "./series-model.ts";

/** Steps from `first` on, with these learning rates of each group. */
function batch(first: number, rates: number[][]): Batch {
  const n = rates.length;
  const width = rates[0]!.length;
  return {
    run: "run",
    attempt: "attempt",
    rank: 0,
    seq: 0,
    series: "adamw",
    steps: Float64Array.from(rates, (_, i) => first + i),
    times: Float64Array.from(rates, (_, i) => first + i),
    present: new Uint32Array(n).fill(1 << 4),
    flags: new Uint8Array(n),
    scalars: { lr: Float64Array.from(rates, ([rate]) => rate!) },
    groupRates: width > 1 ? Float64Array.from(rates.flat()) : null,
    layers: null,
  };
}

function told(...batches: Batch[]) {
  const series = new SeriesModel();
  for (const one of batches) series.append(1, one);
  return series;
}

const groups = (series: SeriesModel) => series.detail("adamw", "AdamW", 0, SERIES).rates;

/** A metric at each step from 0 on; null where it has no value. */
function values(series: SeriesModel, metric: GroupRate["metric"]): (number | null)[] {
  return series.buckets([metric], 0, 99, 100).map((bucket) => {
    const { count, last } = bucket.summaries.get(metric)!;
    return count ? last : null;
  });
}

it("is one line while all groups have the same", () => {
  const series = told(
    batch(0, [
      [1, 1, 1],
      [2, 2, 2],
    ]),
    batch(2, [[3, 3, 3]]),
  );
  expect(groups(series)).toEqual([]);
  expect(values(series, "lr")).toEqual([1, 2, 3]);
  expect(values(series, "lr_2")).toEqual([null, null, null]);
});

it("has a line for those groups that have always had the same", () => {
  const series = told(
    batch(0, [
      [1, 10, 1, 10],
      [2, 20, 2, 20],
    ]),
  );
  expect(groups(series)).toEqual([
    { metric: "lr", groups: [0, 2] },
    { metric: "lr_2", groups: [1, 3] },
  ]);
  expect(values(series, "lr_2")).toEqual([10, 20]);
});

it("draws a group that leaves the others from where it was with them", () => {
  const first = batch(0, [
    [1, 1, 1],
    [2, 2, 2],
  ]);
  const series = told(
    first,
    batch(2, [
      [3, 3, 3],
      [4, 40, 40],
    ]),
    batch(4, [
      [5, 50, 50],
      [6, 60, 7],
    ]),
  );
  expect(groups(series)).toEqual([
    { metric: "lr", groups: [0] },
    { metric: "lr_2", groups: [1] },
    { metric: "lr_3", groups: [2] },
  ]);
  expect(values(series, "lr_2")).toEqual([1, 2, 3, 40, 50, 60]);
  expect(values(series, "lr_3")).toEqual([1, 2, 3, 40, 50, 7]);
  const stepwise = new SeriesModel();
  for (const [step, rates] of [
    [1, 1, 1],
    [2, 2, 2],
    [3, 3, 3],
    [4, 40, 40],
    [5, 50, 50],
    [6, 60, 7],
  ].entries())
    stepwise.append(1, batch(step, [rates]));
  expect(groups(stepwise)).toEqual(groups(series));
  for (const metric of ["lr", "lr_2", "lr_3"] as const)
    expect(values(stepwise, metric)).toEqual(values(series, metric));
});

it("knows nothing of a group before the optimizer was given it", () => {
  const series = told(batch(0, [[1], [1]]), batch(2, [[1, 5, 1]]));
  expect(groups(series)).toEqual([
    { metric: "lr", groups: [0, 2] },
    { metric: "lr_2", groups: [1] },
  ]);
  expect(values(series, "lr_2")).toEqual([null, null, 5]);
});

it("shows as many as a chart can, the lowest and the highest among them", () => {
  const series = told(batch(0, [Array.from({ length: 24 }, (_, group) => 0.9 ** (23 - group))]));
  const shown = groups(series).map((rate) => rate.groups);
  expect(shown).toHaveLength(6);
  expect(shown.flat().sort((a, b) => a - b)).toEqual(expect.arrayContaining([0, 1, 23]));
});

it("keeps the lines of an earlier start", () => {
  const series = told(batch(0, [[1, 1]]));
  series.append(2, batch(1, [[2, 20]]));
  expect(values(series, "lr_2")).toEqual([1, 20]);
});

it("goes on as it was after it was put away", () => {
  const rows = Array.from({ length: 4000 }, (_, step) =>
    step < 1500 ? [step, step, step] : step < 3100 ? [step, -step, -step] : [step, -step, 7],
  );
  const whole = new SeriesModel();
  const shelf = new Map<string, Uint8Array>();
  const source = (attempt: number): BlockSource => {
    const stored = (level: number, index: number) => {
      const bytes = shelf.get(`${attempt} ${level} ${index}`);
      if (!bytes) return null;
      return level === 0 ? ValueBlock.decode(bytes) : UnitBlock.decode(level, bytes);
    };
    return { full: stored, last: stored };
  };
  let kept = new SeriesModel("adamw", source);
  for (let first = 0; first < rows.length; first += 100) {
    for (const series of [whole, kept]) series.append(1, batch(first, rows.slice(first, first + 100)));
    if (first % 700 !== 0) continue;
    for (const [{ attempt, level, index }, block] of kept.unsaved())
      shelf.set(`${attempt} ${level} ${index}`, block.encode());
    const again = new SeriesModel("adamw", source);
    again.restore(kept.encode());
    kept = again;
  }
  expect(groups(kept)).toEqual(groups(whole));
  expect(groups(kept).length).toBe(3);
  for (const [from, to] of [
    [0, 3999],
    [1400, 1600],
    [2900, 3300],
  ] as const)
    expect(kept.buckets(["lr", "lr_2", "lr_3"], from, to, 77)).toEqual(
      whole.buckets(["lr", "lr_2", "lr_3"], from, to, 77),
    );
});
