import { expect, test } from "vitest";
import { effectOf, thresholdBeside, thresholdWithin } from "./what-if.ts";

test("a threshold clips what lies above it, down to it", () => {
  const norms = { resolution: 0, norms: [1, 2, 4], counts: [1, 1, 2] };
  expect(effectOf(norms, 2)).toEqual({ clipped: 0.5, factor: 0.75 });
  expect(effectOf(norms, 4)).toEqual({ clipped: 0, factor: 1 });
  expect(effectOf(norms, 0.5)).toEqual({ clipped: 1, factor: (0.5 + 0.25 + 2 * 0.125) / 4 });
  expect(effectOf({ resolution: 0, norms: [], counts: [] }, 1)).toBeNull();
});

test("a threshold has three digits and stays inside", () => {
  const range = { min: 0.01, max: 100 };
  expect([0.123456, 98_765, 0.001].map((value) => thresholdWithin(value, range))).toEqual([0.123, 100, 0.01]);
});

test("a key moves by a share of the axis, and by one digit where that is more", () => {
  const wide = { min: 0.01, max: 100 };
  expect(thresholdBeside(1, 0.01, wide)).toBe(1.1);
  expect(thresholdBeside(1, -0.25, wide)).toBe(0.1);
  const narrow = { min: 1, max: 1.1 };
  expect(thresholdBeside(1.05, 0.01, narrow)).toBe(1.06);
  expect(thresholdBeside(1.05, -0.01, narrow)).toBe(1.04);
  expect(thresholdBeside(1.1, 0.01, narrow)).toBe(1.1);
});
