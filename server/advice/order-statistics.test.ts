import { describe, expect, it } from "vitest";
import { LogHistogram } from "./histogram.ts";
import { medianOf, quantileOfSorted } from "./quantile.ts";
import { Ring } from "./ring.ts";
import { SortedWindow } from "./sorted-window.ts";

/** Log-normal values, the same each time. */
function values(count: number, seed = 1): number[] {
  let state = seed;
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state + 1) / 4294967297;
  };
  return Array.from({ length: count }, () =>
    Math.exp(Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random())),
  );
}

describe("quantile", () => {
  it.each([
    [[1, 2, 3, 4], 0.5, 2.5],
    [[1, 2, 3], 0.5, 2],
    [[1, 2, 3, 4, 5], 0.99, 4.96],
    [[7], 0.99, 7],
  ])("interpolates as NumPy does: %j at %f is %f", (sorted, q, expected) => {
    expect(quantileOfSorted(sorted, q)).toBeCloseTo(expected, 12);
  });

  it("is NaN of nothing", () => {
    expect(quantileOfSorted([], 0.5)).toBeNaN();
  });

  it("leaves the values where they are", () => {
    const unsorted = [3, 1, 2];
    expect(medianOf(unsorted)).toBe(2);
    expect(unsorted).toEqual([3, 1, 2]);
  });
});

describe("Ring", () => {
  it("keeps the last values in order", () => {
    const ring = new Ring(3);
    expect(ring.newest()).toBeNaN();
    for (const value of [1, 2, 3, 4, 5]) ring.push(value);
    expect([...ring.toArray()]).toEqual([3, 4, 5]);
    expect(ring.newest()).toBe(5);
  });
});

describe("SortedWindow", () => {
  it("has the median and the MAD of the last values, duplicates and all", () => {
    const window = new SortedWindow(7);
    const all = values(300).map((value) => Math.round(value * 4) / 4);
    for (const [i, value] of all.entries()) {
      const leaving = window.push(value);
      expect(leaving).toEqual(i < 7 ? Number.NaN : all[i - 7]);
      const last = all.slice(Math.max(0, i - 6), i + 1);
      const median = medianOf(last);
      expect(window.median()).toBe(median);
      expect(window.deviation(median)).toBe(medianOf(last.map((other) => Math.abs(other - median))));
    }
  });
});

describe("LogHistogram", () => {
  it("gives quantiles within half a bin", () => {
    const histogram = new LogHistogram();
    const all = values(20_000);
    for (const value of all) histogram.add(value);
    const sorted = all.sort((a, b) => a - b);
    for (const q of [0, 0.01, 0.1, 0.5, 0.9, 0.99, 1])
      expect(Math.abs(Math.log(histogram.quantile(q) / quantileOfSorted(sorted, q)))).toBeLessThan(0.0051);
  });

  it("adds up to the histogram of all values", () => {
    const [left, right, both] = [new LogHistogram(), new LogHistogram(), new LogHistogram()];
    for (const value of values(500, 2)) for (const histogram of [left, both]) histogram.add(value);
    for (const value of values(300, 3)) for (const histogram of [right, both]) histogram.add(value * 100);
    left.addAll(right);
    expect([...left]).toEqual([...both]);
    expect(left.count).toBe(800);
  });

  it("is empty after clearing", () => {
    const histogram = new LogHistogram();
    histogram.add(3);
    histogram.clear();
    expect([...histogram]).toEqual([]);
    expect(histogram.quantile(0.5)).toBeNaN();
  });

  it("counts values beyond its ends in the outermost bins", () => {
    const histogram = new LogHistogram();
    for (const value of [1e-300, 1e29]) histogram.add(value);
    expect(histogram.quantile(0)).toBeCloseTo(1e-12, 13);
    expect(histogram.quantile(1) / 1e12).toBeCloseTo(1, 1);
  });
});
