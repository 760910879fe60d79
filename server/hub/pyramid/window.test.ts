import { describe, expect, it } from "vitest";
import { StepPyramid } from "./step-pyramid.ts";
import { type Bucket, bucketsOf } from "./window.ts";

const pyramidOf = (steps: number[], values: (number | undefined)[], batch = 7): StepPyramid => {
  const pyramid = new StepPyramid();
  for (let i = 0; i < steps.length; i += batch) {
    const part = values.slice(i, i + batch);
    const column = {
      metric: "norm_pre" as const,
      values: Float64Array.from(part, (value) => value ?? 0),
      recorded: Uint8Array.from(part, (value) => (value === undefined ? 0 : 1)),
    };
    pyramid.append(Float64Array.from(steps.slice(i, i + batch)), part.every((v) => v === undefined) ? [] : [column]);
  }
  return pyramid;
};
const norm = ({ summaries }: Bucket) => summaries.get("norm_pre")!;
const range = (n: number, start = 0) => Array.from({ length: n }, (_, i) => start + i);

/** A small generator of our own, so that a failure can be run again. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return state / 2 ** 31;
  };
}

describe("against a plain loop over the values", () => {
  it.each(range(20, 1))("seed %i", (seed) => {
    const next = random(seed);
    const n = 1 + Math.floor(next() * 700);
    const steps: number[] = [];
    for (let step = 0; steps.length < n; step += 1 + (next() < 0.2 ? Math.floor(next() * 50) : 0)) steps.push(step);
    const odd = [undefined, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    const values = steps.map(() => (next() < 0.1 ? odd[Math.floor(next() * 4)] : Math.exp(20 * (next() - 0.5))));
    const pyramid = pyramidOf(steps, values, 1 + Math.floor(next() * 40));
    for (let trial = 0; trial < 20; trial += 1) {
      const [a, b] = [next(), next()].map((x) => Math.floor(x * (steps.at(-1)! + 10)));
      const [from, to] = [Math.min(a!, b!), Math.max(a!, b!)];
      const limit = 1 + Math.floor(next() * 60);
      const buckets = bucketsOf([pyramid], ["norm_pre"], from, to, limit);
      expect(buckets.length).toBeLessThanOrEqual(limit);
      const seen = new Set<number>();
      for (const bucket of buckets) {
        const inside = steps
          .map((step, i) => [step, values[i]] as const)
          .filter(([s]) => s >= bucket.from && s <= bucket.to);
        for (const [step] of inside) seen.add(step);
        const recorded = inside.map(([, value]) => value).filter((value) => value !== undefined);
        const finite = recorded.filter(Number.isFinite);
        expect(norm(bucket)).toMatchObject({
          min: Math.min(...finite),
          max: Math.max(...finite),
          last: finite.at(-1) ?? Number.NaN,
          count: finite.length,
          nonfinite: recorded.length - finite.length,
        });
        const sum = finite.reduce((total, value) => total + value, 0);
        expect(Math.abs(norm(bucket).sum - sum)).toBeLessThanOrEqual(1e-12 * sum);
      }
      expect([...seen]).toEqual(steps.filter((step) => step >= from && step <= to));
    }
  });
});

it("shows a spike of one step at every zoom", () => {
  const n = 100_000;
  const spike = 67_891;
  const pyramid = pyramidOf(
    range(n),
    range(n).map((step) => (step === spike ? 1e6 : 1)),
    50,
  );
  for (let width = n; width >= 1; width = Math.floor(width / 3))
    for (const shift of [0, 0.31, 1]) {
      const from = Math.max(0, Math.floor(spike - shift * (width - 1)));
      const buckets = bucketsOf([pyramid], ["norm_pre"], from, from + width - 1, 300);
      const hit = buckets.filter((bucket) => norm(bucket).max === 1e6);
      expect(hit.length, `width ${width}, from ${from}`).toBe(1);
      expect(hit[0]!.from <= spike && spike <= hit[0]!.to).toBe(true);
    }
});

it("keeps bucket edges where they are while the run grows", () => {
  const edges = (n: number) =>
    bucketsOf([pyramidOf(range(n), range(n))], ["norm_pre"], 0, n, 100).map(({ from }) => from);
  expect(edges(5_010).slice(0, 50)).toEqual(edges(5_003).slice(0, 50));
});

it("leaves out stretches without steps", () => {
  const steps = [...range(500), ...range(500, 1_000_000)];
  const buckets = bucketsOf([pyramidOf(steps, steps)], ["norm_pre"], 0, 2e6, 100);
  expect(buckets.length).toBeGreaterThan(1);
  expect(buckets.every(({ from, to }) => to < 20_000 || from >= 980_000)).toBe(true);
  expect(buckets.reduce((sum, bucket) => sum + norm(bucket).count, 0)).toBe(1000);
});

it("has nothing to say of an empty window, no steps, or a metric that was never recorded", () => {
  const pyramid = pyramidOf(range(10), range(10));
  expect(bucketsOf([], ["norm_pre"], 0, 10, 5)).toEqual([]);
  expect(bucketsOf([new StepPyramid()], ["norm_pre"], 0, 10, 5)).toEqual([]);
  expect(bucketsOf([pyramid], ["norm_pre"], 20, 30, 5)).toEqual([]);
  expect(bucketsOf([pyramid], ["loss"], 3, 3, 5)[0]!.summaries.get("loss")).toMatchObject({ count: 0, nonfinite: 0 });
});
