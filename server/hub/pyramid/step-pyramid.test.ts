import { expect, it } from "vitest";
import type { Block } from "./block.ts";
import { type BlockSource, type MetricColumn, StepPyramid } from "./step-pyramid.ts";
import { UnitBlock } from "./unit-block.ts";
import { ValueBlock } from "./value-block.ts";
import { bucketsOf } from "./window.ts";

/** Where blocks are kept as bytes. */
class Shelf implements BlockSource {
  readonly bytes = new Map<string, Uint8Array>();

  put(pyramid: StepPyramid): void {
    for (const { level, index, block } of pyramid.unsaved()) this.bytes.set(`${level} ${index}`, block.encode());
    pyramid.saved();
  }

  full(level: number, index: number): Block | null {
    const bytes = this.bytes.get(`${level} ${index}`);
    if (!bytes) return null;
    return level === 0 ? ValueBlock.decode(bytes) : UnitBlock.decode(level, bytes);
  }

  last(level: number, index: number): Block | null {
    return this.full(level, index);
  }
}

function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return state / 2 ** 31;
  };
}

/** Batches of steps with gaps, of metrics of which some come late and some have no value. */
function batches(next: () => number, n: number): { steps: Float64Array; columns: MetricColumn[] }[] {
  let step = Math.floor(next() * 5000);
  return Array.from({ length: n }, (_, i) => {
    if (next() < 0.02) step += Math.floor(next() * 40_000);
    const steps = Float64Array.from({ length: 1 + Math.floor(next() * 60) }, () => {
      step += next() < 0.9 ? 1 : Math.floor(1 + next() * 30);
      return step;
    });
    const columns = (["norm_pre", "loss"] as const).flatMap((metric): MetricColumn[] => {
      if (metric === "loss" && (i < n / 3 || next() < 0.3)) return [];
      const values = steps.map(() => (next() < 0.03 ? Number.NaN : Math.exp(9 * next())));
      return [{ metric, values, recorded: Uint8Array.from(steps, () => (next() < 0.9 ? 1 : 0)) }];
    });
    return { steps, columns };
  });
}

it.each([1, 2, 3, 4, 5])("put away and taken up again it is what it would be in memory (seed %i)", (seed) => {
  const next = random(seed);
  const whole = new StepPyramid();
  const shelf = new Shelf();
  let kept = new StepPyramid(shelf);
  const all = batches(next, 600);
  for (const { steps, columns } of all) {
    whole.append(steps, columns);
    kept.append(steps, columns);
    if (next() < 0.05) shelf.put(kept);
    if (next() < 0.03) {
      shelf.put(kept);
      kept = new StepPyramid(shelf, kept.extent);
    }
    if (next() < 0.1) expect(kept.extent).toEqual(whole.extent);
  }
  shelf.put(kept);
  const again = new StepPyramid(shelf, kept.extent);
  const last = whole.extent.last;
  for (let trial = 0; trial < 60; trial += 1) {
    const from = Math.floor(next() * last);
    const to = trial === 0 ? last : from + Math.floor(next() ** 3 * (last - from));
    const limit = 1 + Math.floor(next() * 400);
    const want = bucketsOf([whole], ["norm_pre", "loss"], trial === 0 ? 0 : from, to, limit);
    expect(bucketsOf([again], ["norm_pre", "loss"], trial === 0 ? 0 : from, to, limit)).toEqual(want);
  }
});

it("has a metric that parted from another from where it was with it", () => {
  const next = random(11);
  const shelf = new Shelf();
  let kept = new StepPyramid(shelf);
  const told = { lr: new Map<number, number>(), lr_2: new Map<number, number>(), lr_3: new Map<number, number>() };
  let step = 0;
  for (let batch = 0; batch < 400; batch += 1) {
    if (batch === 150) kept.copy("lr_2", "lr");
    if (batch === 290) kept.copy("lr_3", "lr_2");
    const steps = Float64Array.from({ length: 1 + Math.floor(next() * 60) }, () => ++step);
    const columns = (["lr", "lr_2", "lr_3"] as const).flatMap((metric, i) =>
      batch < [0, 150, 290][i]!
        ? []
        : [{ metric, values: steps.map(next), recorded: new Uint8Array(steps.length).fill(1) }],
    );
    for (const { metric, values } of columns) for (const [i, at] of steps.entries()) told[metric].set(at, values[i]!);
    if (batch < 150) for (const at of steps) told.lr_2.set(at, told.lr.get(at)!);
    if (batch < 290) for (const at of steps) told.lr_3.set(at, told.lr_2.get(at)!);
    kept.append(steps, columns);
    if (batch % 40 === 39) {
      shelf.put(kept);
      kept = new StepPyramid(shelf, kept.extent, JSON.parse(JSON.stringify(kept.parted)));
    }
  }
  for (const limit of [1, 20, 100])
    for (const [from, to] of [
      [0, step],
      [step / 4, step / 2],
      [step / 2, step / 2 + 90],
    ])
      for (const bucket of bucketsOf([kept], ["lr", "lr_2", "lr_3"], from!, to!, limit))
        for (const metric of ["lr", "lr_2", "lr_3"] as const) {
          const inside = [...told[metric]].filter(([at]) => at >= bucket.from && at <= bucket.to);
          const values = inside.map(([, value]) => value);
          expect(bucket.summaries.get(metric)).toMatchObject({
            min: Math.min(...values),
            max: Math.max(...values),
            last: values.at(-1),
            count: values.length,
          });
        }
});

it("is not confused by what another hub has put away of later steps", () => {
  const next = random(9);
  const all = batches(next, 300);
  const shelf = new Shelf();
  const first = new StepPyramid(shelf);
  for (const { steps, columns } of all.slice(0, 200)) first.append(steps, columns);
  shelf.put(first);
  const mine = new StepPyramid(shelf, first.extent);
  for (const { steps, columns } of all.slice(200)) first.append(steps, columns);
  shelf.put(first);
  for (const { steps, columns } of all.slice(200)) mine.append(steps, columns);
  const { last } = first.extent;
  expect(bucketsOf([mine], ["norm_pre", "loss"], 0, last, 333)).toEqual(
    bucketsOf([first], ["norm_pre", "loss"], 0, last, 333),
  );
});

it("holds no more than its newest blocks once they are put away", () => {
  const shelf = new Shelf();
  const pyramid = new StepPyramid(shelf);
  for (let first = 0; first < 200_000; first += 1000) {
    const steps = Float64Array.from({ length: 1000 }, (_, i) => first + i);
    pyramid.append(steps, [{ metric: "loss", values: steps, recorded: new Uint8Array(1000).fill(1) }]);
    shelf.put(pyramid);
    expect(pyramid.waiting).toBe(0);
  }
  expect(pyramid.extentOf(0, 1e9)).toEqual({ steps: 200_000, first: 0, last: 199_999 });
  const looked: string[] = [];
  const counted = new StepPyramid(
    {
      full: (level, index) => {
        looked.push(`${level} ${index}`);
        return shelf.full(level, index);
      },
      last: (level, index) => shelf.last(level, index),
    },
    pyramid.extent,
  );
  bucketsOf([counted], ["loss"], 0, 200_000, 100);
  expect(new Set(looked).size).toBeLessThan(30);
  expect(looked.filter((block) => block.startsWith("0 "))).toEqual([]);
});
