import { describe, expect, it } from "vitest";
import { NormHistory } from "./history.ts";
import { multiplier, roundThreshold, staticThreshold } from "./threshold.ts";

function history(norms: Iterable<number>): NormHistory {
  const result = new NormHistory();
  let step = 0;
  for (const norm of norms) result.push(step++, norm);
  return result;
}

const repeat = (count: number, ...cycle: number[]) => Array.from({ length: count }, (_, i) => cycle[i % cycle.length]!);

describe("multiplier", () => {
  it.each([
    ["few steps, light tail", { steps: 50, localTailRatio: 1.5, exploded: false }, 1],
    ["many steps, light tail", { steps: 500, localTailRatio: 4, exploded: false }, 2],
    ["heavy tail", { steps: 500, localTailRatio: 12, exploded: false }, 0.5],
    ["between", { steps: 1000, localTailRatio: 4 * Math.sqrt(3), exploded: false }, 1],
    ["exploded", { steps: 500, localTailRatio: 1.5, exploded: true }, 0.25],
    ["tail unknown", { steps: 8, localTailRatio: Number.NaN, exploded: false }, 1],
  ])("%s", (_, statistics, expected) => {
    expect(multiplier({ median: 1, ...statistics })).toBeCloseTo(expected, 12);
  });

  it("rounds to two digits", () => {
    expect([0.8449, 12.34, 1234, 0.000123].map(roundThreshold)).toEqual([0.84, 12, 1200, 0.00012]);
  });
});

describe("NormHistory", () => {
  it("knows nothing of nothing", () => {
    expect(history([]).statistics()).toBeNull();
    expect(history([0, 0, Number.NaN]).statistics()).toBeNull();
  });

  it("drops norms that are zero", () => {
    expect(history([0, 2, 0, 4, 0, 6]).statistics()).toMatchObject({
      steps: 3,
      median: 4,
      max: 6,
      firstStep: 1,
      lastStep: 5,
    });
  });

  it("cuts at the first non-finite norm and drops the growth that led there", () => {
    const statistics = history([...repeat(60, 1, 1.1), 12, 50, 400, Number.POSITIVE_INFINITY, 1, 1]).statistics();
    expect(statistics).toMatchObject({ steps: 60, exploded: true, lastStep: 59, max: 1.1 });
  });

  it("takes a run up again that stays finite after a non-finite norm", () => {
    const recovering = history([...repeat(60, 1), Number.NaN, ...repeat(99, 1)]);
    expect(recovering.exploded).toBe(true);
    recovering.push(160, 1);
    recovering.push(161, 1);
    expect(recovering.exploded).toBe(false);
    expect(recovering.statistics()?.steps).toBe(61);
  });

  it("sees an explosion that stays finite, and takes it back when the norms do", () => {
    const exploding = history([...repeat(100, 1), ...repeat(10, 1000)]);
    expect(exploding.statistics()).toMatchObject({ steps: 100, exploded: true });
    for (let step = 110; step < 130; step++) exploding.push(step, 1);
    expect(exploding.statistics()).toMatchObject({ steps: 130, exploded: false });
  });

  it("goes on by histograms beyond 1000 norms, explosion and all", () => {
    const long = history(repeat(5000, 1, 2, 3));
    expect(long.statistics()?.steps).toBe(5000);
    expect(long.statistics()!.median).toBeCloseTo(2, 1);
    for (let step = 5000; step < 7500; step++) long.push(step, 500);
    expect(long.statistics()).toMatchObject({ steps: 5000, exploded: true, max: 3, lastStep: 4999 });
    long.push(7500, 1);
    expect(long.statistics()).toMatchObject({ steps: 7501, max: 500, lastStep: 7500 });
  });

  it("scales: norms times 1000 give a threshold times 1000", () => {
    const norms = repeat(700, 0.5, 1, 1.7, 0.9, 3);
    const small = staticThreshold(history(norms).statistics()!);
    const large = staticThreshold(history(norms.map((norm) => 1000 * norm)).statistics()!);
    expect(large / small).toBeCloseTo(1000, 6);
  });

  it("gives the norms that count, exactly while it has them, then in bins of one per cent", () => {
    expect(history([4, 1, 0, 2, 4, Number.NaN]).distribution()).toEqual({
      resolution: 0,
      norms: [1, 2, 4],
      counts: [1, 1, 2],
    });
    expect(history([]).distribution()).toEqual({ resolution: 0, norms: [], counts: [] });
    const long = history([...repeat(3000, 1, 20), 20.1]).distribution();
    expect(long.resolution).toBe(0.01);
    expect(long.counts.reduce((a, b) => a + b)).toBe(3001);
    expect(long.counts).toHaveLength(long.norms.length);
    for (const [i, norm] of [1, 20].entries()) expect(Math.abs(long.norms[i]! / norm - 1)).toBeLessThan(0.0051);
  });

  it("tells what a threshold would have done", () => {
    const effect = { wouldClip: 0.5, meanClipFactor: 0.75 };
    expect(history([1, 4, 2, 4]).effectOf(2)).toEqual(effect);
    const long = history(repeat(4000, 1, 4, 2, 4)).effectOf(2.1);
    expect(long.wouldClip).toBe(0.5);
    expect(long.meanClipFactor).toBeCloseTo(0.5 + 0.5 * (2.1 / 4), 2);
  });
});
