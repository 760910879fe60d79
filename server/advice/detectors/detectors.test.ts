import { describe, expect, it } from "vitest";
import type { ObservedStep } from "../observed-step.ts";
import { silent } from "../testing/silent-step.ts";
import type { Detector } from "./detector.ts";
import { ExplosionDetector } from "./explosion.ts";
import { FallingScaleDetector } from "./falling-scale.ts";
import { NonFiniteDetector } from "./nonfinite.ts";
import { SpikeDetector } from "./spike.ts";
import { ThresholdChangeDetector } from "./threshold-change.ts";

const quiet = (count: number, level = 1) =>
  Array.from({ length: count }, (_, i) => ({ normPre: level * (1 + 0.1 * Math.sin(i)) }));

/** The steps at which the detector spoke. */
function flagged(detector: Detector, run: Partial<ObservedStep>[]): number[] {
  return run.flatMap((step, i) => detector.observe({ ...silent, step: i, time: i, ...step })?.step ?? []);
}

describe("spike", () => {
  it.each([
    ["a norm eight times its surroundings", [...quiet(50), { normPre: 8 }, ...quiet(50)], [50]],
    ["not below three times", [...quiet(50), { normPre: 2.9 }], []],
    ["not before 30 norms", [...quiet(29), { normPre: 8 }], []],
    ["not where the scaler skipped", [...quiet(50), { normPre: 8, skipped: true }], []],
    ["not a non-finite norm", [...quiet(50), { normPre: Number.POSITIVE_INFINITY }, { normPre: Number.NaN }], []],
    ["two in a row", [...quiet(50), { normPre: 8 }, { normPre: 9 }, ...quiet(5)], [50, 51]],
  ])("%s", (_, run, expected) => {
    expect(flagged(new SpikeDetector(), run)).toEqual(expected);
  });

  it("takes ten in a row for a new level, and finds spikes above that", () => {
    const run = [...quiet(50), ...quiet(100, 8), { normPre: 64 }];
    expect(flagged(new SpikeDetector(), run)).toEqual([50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 150]);
  });

  it("says how large it is", () => {
    const detector = new SpikeDetector();
    flagged(detector, Array(40).fill({ normPre: 2 }));
    const event = detector.observe({ ...silent, step: 40, time: 7, normPre: 30, normPost: 1, threshold: 1 });
    expect(event).toMatchObject({
      kind: "spike",
      step: 40,
      time: 7,
      message: "Gradient norm 30: 15 times the recent median (2).",
    });
  });
});

describe("non-finite", () => {
  it.each([
    [
      "the first step of each stretch",
      [
        { normPre: 1 },
        { normPre: Number.NaN },
        { normPre: Number.NaN },
        { normPre: 1 },
        { normPre: Number.POSITIVE_INFINITY },
      ],
      [1, 4],
    ],
    [
      "the loss, too",
      [
        { normPre: 1, loss: 1 },
        { normPre: 1, loss: Number.NaN },
      ],
      [1],
    ],
    ["a norm that is known only after clipping", [{ normPost: Number.NaN }], [0]],
    ["not where the scaler skipped", [{ normPre: Number.POSITIVE_INFINITY, skipped: true }], []],
    ["not what wasn't recorded", [{}, {}], []],
  ])("%s", (_, run, expected) => {
    expect(flagged(new NonFiniteDetector(), run)).toEqual(expected);
  });
});

describe("explosion", () => {
  const losses = (run: { normPre: number }[], loss: number) => run.map((step) => ({ ...step, loss }));
  it.each([
    ["norms and loss grow together", [...losses(quiet(150), 1), ...losses(quiet(30, 50), 9)], 1],
    ["norms grow where no loss is known", [...quiet(150), ...quiet(30, 50)], 1],
    ["not when the loss goes down", [...losses(quiet(150), 1), ...losses(quiet(30, 50), 0.5)], 0],
    ["not when the norms stay", [...losses(quiet(150), 1), ...losses(quiet(30), 9)], 0],
    ["not for a short burst", [...quiet(150), ...quiet(4, 50), ...quiet(50)], 0],
    [
      "not when a run that had converged falls back to where it began",
      [...losses(quiet(200, 0.09), 0.3), ...losses(quiet(300, 1e-3), 1e-3), ...losses(quiet(30, 0.1), 0.03)],
      0,
    ],
    [
      "beyond where it began, though it had converged",
      [...losses(quiet(200, 0.09), 0.3), ...losses(quiet(300, 1e-3), 1e-3), ...losses(quiet(30, 9), 3)],
      1,
    ],
    ["once more when it happens once more", [...quiet(150), ...quiet(150, 50), ...quiet(150, 2500)], 2],
  ])("%s", (_, run, expected) => {
    expect(flagged(new ExplosionDetector(), run)).toHaveLength(expected);
  });
});

describe("falling scale", () => {
  it("speaks at the twentieth skipped step in a row, once", () => {
    const skips = (count: number) => Array(count).fill({ skipped: true });
    expect(flagged(new FallingScaleDetector(), [...skips(19), {}, ...skips(40)])).toEqual([39]);
  });
});

describe("threshold change", () => {
  const constant = (count: number, threshold: number, byValue = false) => Array(count).fill({ threshold, byValue });
  it.each([
    ["a constant one that became another", [...constant(20, 1), ...constant(5, 0.5)], [20]],
    ["not the first", constant(30, 1), []],
    ["not an adaptive one", Array.from({ length: 50 }, (_, i) => ({ threshold: 1 + i / 100 })), []],
    ["not where it wasn't recorded for a while", [...constant(20, 1), {}, ...constant(5, 1)], []],
    ["not clipping by value", [...constant(20, 1, true), ...constant(5, 0.5, true)], []],
  ])("%s", (_, run, expected) => {
    expect(flagged(new ThresholdChangeDetector(), run)).toEqual(expected);
  });
});
