import { expect, test } from "vitest";
import { axisRange, digitsOf, evenTicks, logarithmicTicks, settleAxis } from "./range.ts";

test("an adaptive axis turns logarithmic when one spike would flatten the rest", () => {
  expect(settleAxis("adaptive", 0.3, 2)).toBe("linear");
  expect(settleAxis("adaptive", 0.3, 40)).toBe("logarithmic");
});

test("an adaptive axis stays linear where a logarithm has no place", () => {
  expect(settleAxis("adaptive", -1, 1000)).toBe("linear");
  expect(settleAxis("adaptive", 0, 1000)).toBe("linear");
  expect(settleAxis("adaptive", null, null)).toBe("linear");
});

test("norms that are all 0 have a linear axis, which has a place for it", () => {
  expect(settleAxis("logarithmic", null, null)).toBe("linear");
  expect(settleAxis("logarithmic", 0.3, 2)).toBe("logarithmic");
});

test("every range holds its values, and a linear one does not go below zero for air alone", () => {
  expect(axisRange("linear", 0.1, 10).min).toBe(0);
  for (const kind of ["linear", "logarithmic"] as const) {
    const { min, max } = axisRange(kind, 3, 3);
    expect(min).toBeLessThan(3);
    expect(max).toBeGreaterThan(3);
  }
});

test.each([
  [{ min: 0.09, max: 120 }, 10, [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100].slice(0, 10)],
  [{ min: 0.02, max: 68 }, 8, [0.03, 0.1, 0.3, 1, 3, 10, 30]],
  [{ min: 1e-6, max: 1e6 }, 13, [1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1, 10, 100, 1e3, 1e4, 1e5, 1e6]],
  [{ min: 1e-6, max: 1e6 }, 5, [1e-6, 1e-3, 1, 1e3, 1e6]],
  [{ min: 0.38, max: 1.3 }, 10, [0.4, 0.6, 0.8, 1, 1.2]],
])("logarithmic ticks of %o, at most %i", (range, most, ticks) => {
  expect(logarithmicTicks(range, most)).toEqual(ticks);
});

test("even ticks are round numbers inside the range", () => {
  expect(evenTicks({ min: 1.33, max: 1.42 })).toEqual([1.34, 1.36, 1.38, 1.4, 1.42]);
  expect(evenTicks({ min: -5, max: 5 })).toEqual([-4, -2, 0, 2, 4]);
  expect(evenTicks({ min: 0, max: 100_000 }, 10)).toHaveLength(11);
  expect(evenTicks({ min: 0, max: 100_000 }, 3)).toEqual([0, 50_000, 100_000]);
});

test.each([
  [[24.79, 24.8, 24.81, 24.82], 4],
  [[0.71314, 0.71315, 0.71316], 5],
  [[1e-6, 1e-5, 1e-4], 3],
  [[0.4, 0.6, 0.8, 1, 1.2], 3],
  [[-4, -2, 0, 2, 4], 3],
  [[100_000_000.1, 100_000_000.2], 7],
  [[5], 3],
  [[], 3],
])("ticks at %o are told apart by %i digits", (ticks, digits) => {
  expect(digitsOf(ticks)).toBe(digits);
});
