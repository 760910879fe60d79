import { describe, expect, it } from "vitest";
import { advice as adviceShape } from "../../protocol/advice.ts";
import { formatCount, formatNumber, formatShare } from "./format.ts";
import { type ObservedStep, SeriesMonitor } from "./monitor.ts";
import { silent } from "./testing/silent-step.ts";

type Observation = Partial<ObservedStep>;

function monitor(run: Observation[]): SeriesMonitor {
  const result = new SeriesMonitor();
  for (const [i, step] of run.entries()) result.observe({ ...silent, step: i, time: i, ...step });
  return result;
}

/** Norms around `level` with a light tail. */
const steady = (count: number, level: number, more: Observation = {}) =>
  Array.from({ length: count }, (_, i) => ({ normPre: level * (1 + 0.3 * Math.sin(i * 1.7)), ...more }));
/** The same, every fiftieth ten times as large. */
const spiky = (count: number, level: number, more: Observation = {}) =>
  steady(count, level, more).map((step, i) => (i % 50 === 49 ? { ...step, normPre: 10 * step.normPre! } : step));

describe("SeriesMonitor", () => {
  it.each([
    ["nothing yet", [], { verdict: "too-few-steps", threshold: null }],
    ["29 steps", steady(29, 1), { verdict: "too-few-steps", threshold: null }],
    ["30 steps", steady(30, 1), { verdict: "suggest", preliminary: true, inForce: null }],
    ["200 steps", steady(200, 1), { verdict: "suggest", preliminary: false }],
    ["far from the threshold in force", spiky(400, 1, { threshold: 10 }), { verdict: "suggest", inForce: 10 }],
    ["near the threshold in force", spiky(400, 1, { threshold: 0.8 }), { verdict: "keep", inForce: 0.8 }],
    ["999 calm steps", steady(999, 1), { verdict: "suggest" }],
    ["1000 calm steps", steady(1000, 1), { verdict: "not-needed" }],
    ["1000 steps with spikes", spiky(1000, 1), { verdict: "suggest" }],
    ["calm because it is clipped hard", steady(1000, 1, { threshold: 0.01 }), { verdict: "suggest" }],
    ["an infinite threshold clips nothing", steady(200, 1, { threshold: Number.POSITIVE_INFINITY }), { inForce: null }],
    ["NaN at the first step", [{ normPre: Number.NaN }], { verdict: "exploding", threshold: null }],
    ["NaN before step 30", [...steady(20, 1), { normPre: Number.NaN }], { verdict: "exploding", threshold: null }],
    [
      "explosion before step 30",
      [...steady(20, 1), { normPre: 99 }, { normPre: Number.NaN }],
      { verdict: "exploding", threshold: 0.25, preliminary: true },
    ],
    [
      "norms after clipping only",
      steady(400, 1).map(({ normPre }) => ({ normPost: normPre })),
      { verdict: "too-few-steps", threshold: null },
    ],
    ["only skipped steps", steady(400, 1, { skipped: true }), { verdict: "too-few-steps", threshold: null }],
    ["clipped by value", steady(400, 1, { threshold: 1.5, byValue: true }), { verdict: "suggest", inForce: null }],
  ])("%s", (_, run, expected) => {
    const advice = monitor(run).advice();
    expect(advice).toMatchObject(expected);
    expect(adviceShape(JSON.parse(JSON.stringify(advice)))).toEqual(advice);
    expect(advice.explanation.join(" ")).not.toMatch(/(at|norm|over|under|was|of|to) NaN|undefined|null|Infinity/);
  });

  it("says what the number does where the norms grow or shrink", () => {
    const moving = (rate: number) =>
      monitor(spiky(600, 1).map(({ normPre }, i) => ({ normPre: normPre! * rate ** i })));
    const said = (rate: number) => moving(rate).advice().explanation.join(" ");
    expect(said(1.005)).toContain("The norms are growing");
    expect(said(0.995)).toMatch(/The norms are shrinking .* clips the more of the first steps of another run\./);
    expect(said(1)).not.toMatch(/growing|shrinking/);
  });

  it("offers a new run no number of one that has converged", () => {
    const falling = (to: number) => monitor(steady(900, 2).map((step, i) => (i < 100 ? step : steady(1, to)[0]!)));
    const converged = falling(0.002);
    expect(converged.advice()).toMatchObject({ verdict: "converged", evidence: { start: expect.closeTo(2, 1) } });
    expect(converged.advice().explanation[0]).toMatch(/^No threshold for a new run: the norms began at 2/);
    expect(converged.advice().explanation.join(" ")).not.toContain("would have been clipped");
    expect(converged.outcome()).toMatchObject({ converged: true, threshold: null });
    expect(falling(0.5).advice().verdict).toBe("suggest");
    expect(falling(0.5).outcome()).toMatchObject({ converged: false, threshold: expect.any(Number) });
  });

  it("leaves skipped steps out of everything but their count", () => {
    const run = steady(300, 1);
    const mixed = run.flatMap((step) => [step, { normPre: Number.POSITIVE_INFINITY, skipped: true }]);
    const advice = monitor(mixed).advice();
    expect(advice.threshold).toBe(monitor(run).advice().threshold);
    expect(advice.evidence).toMatchObject({ steps: 300, skipped: 300, nonFinite: 0, exploded: false });
  });

  it("holds its number still while the norms wander", () => {
    const wandering = monitor([]);
    const shown = new Set<number | null>();
    for (let i = 0; i < 3000; i++) {
      const normPre = (1 + 0.05 * Math.sin(i / 300)) * (1 + 0.3 * Math.sin(i * 1.7));
      wandering.observe({ ...silent, step: i, time: i, normPre });
      if (i > 600) shown.add(wandering.advice().threshold);
    }
    expect(shown.size).toBe(1);
  });

  it("says the same after a replay, however often it was asked", () => {
    const run = spiky(1500, 0.4, { threshold: 1 });
    const asked = monitor([]);
    for (const [i, step] of run.entries()) {
      asked.observe({ ...silent, step: i, time: i, ...step });
      if (i % 7 === 0) asked.advice();
    }
    expect(asked.advice()).toEqual(monitor(run).advice());
  });

  it("has advice of the right shape whatever is thrown at it", () => {
    const odd = [
      null,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
      0,
      -1,
      1e-300,
      1e29,
      1e300,
      1,
      2,
      3,
    ];
    const pick = (i: number, prime: number) => odd[(i * prime + (i >> 4)) % odd.length]!;
    const battered = monitor([]);
    for (let i = 0; i < 3000; i++) {
      // Each kind of value by itself, then long stretches of ordinary ones between them.
      const normPre = i > 500 && i % 150 > 3 ? 1 + (i % 7) : pick(i, 5);
      const step = { step: i, time: i, normPre, normPost: pick(i, 7), threshold: pick(i, 11), loss: pick(i, 13) };
      battered.observe({
        ...silent,
        ...step,
        learningRate: pick(i, 3),
        updateRatio: pick(i, 2),
        skipped: i % 17 === 0,
        byValue: i % 19 === 0,
      });
      if (i % 10 === 0) adviceShape(JSON.parse(JSON.stringify(battered.advice())));
    }
    expect(battered.advice().evidence.nonFinite).toBeGreaterThan(0);
  });

  it("explains itself with numbers", () => {
    const [conclusion, ...evidence] = monitor(steady(1200, 0.42, { threshold: 2 })).advice().explanation;
    expect(conclusion).toBe(
      "Clipping is not needed for stability so far. As a safety net, a threshold of 0.82 would do.",
    );
    expect(evidence).toEqual([
      "The threshold in force is 2 now.",
      "Median norm 0.42 over 1,200 steps; 99% stay under 0.55; the largest was 0.55.",
      "At 0.82 none of these steps would have been clipped.",
    ]);
  });

  it("speaks of one step as of one", () => {
    expect(monitor([{ normPre: 16.4 }]).advice().explanation).toEqual([
      "1 of the 30 steps that a suggestion needs.",
      "The norm of the one step was 16.",
    ]);
  });

  it("says of a threshold below most norms what it is for", () => {
    const spiky = Array.from({ length: 600 }, (_, i) => ({ normPre: i % 40 === 39 ? 30 : 1 + (i % 7) / 10 }));
    const { explanation, evidence } = monitor(spiky).advice();
    expect(evidence.wouldClip).toBeGreaterThan(0.9);
    expect(explanation[0]).toMatch(/the tail is heavy .*, so that a few large steps don't outweigh all others\.$/);
  });

  it("tells a sudden NaN from growth that led to one", () => {
    const sudden = monitor([...steady(100, 1), { normPre: Number.NaN }]).advice();
    expect(sudden.explanation[0]).toContain("Clipping does not cure a NaN");
    expect(sudden).toMatchObject({ verdict: "exploding", threshold: monitor(steady(100, 1)).advice().threshold });
    expect(sudden.evidence).toMatchObject({ exploded: true, sudden: true });
    const grown = monitor([...steady(100, 1), { normPre: 50 }, { normPre: Number.NaN }]).advice();
    expect(grown.explanation[0]).toContain("lower the learning rate");
    expect(grown.evidence).toMatchObject({ exploded: true, sudden: false });
    expect(grown.threshold).toBeLessThan(sudden.threshold! / 3);
  });
});

describe("clip rate", () => {
  it.each([
    ["no threshold", steady(10, 1), null],
    [
      "norms above and below",
      [
        { normPre: 2, threshold: 1 },
        { normPre: 0.5, threshold: 1 },
      ],
      0.5,
    ],
    ["the last 200 only", [...steady(300, 9, { threshold: 1 }), ...steady(150, 0.1, { threshold: 1 })], 0.25],
    [
      "skipped and non-finite steps left out",
      [
        { normPre: 2, threshold: 1 },
        { normPre: Number.NaN, threshold: 1 },
        { normPre: 0.1, threshold: 1, skipped: true },
      ],
      1,
    ],
    [
      "by value, from the norm after",
      [
        { normPre: 2, normPost: 1.5, threshold: 0.1, byValue: true },
        { normPre: 1, normPost: 1, threshold: 0.1, byValue: true },
      ],
      0.5,
    ],
    ["adaptively, without a threshold", [{ normPre: 2, normPost: 1.5 }], 1],
    ["by value, norm after unknown", [{ normPre: 2, threshold: 0.1, byValue: true }], null],
  ])("%s", (_, run, expected) => {
    expect(monitor(run).clipRate).toBe(expected);
  });
});

describe("numbers for people", () => {
  it.each([
    [formatNumber(0.4213), "0.42"],
    [formatNumber(1234.5), "1,235"],
    [formatNumber(99.7), "100"],
    [formatNumber(0), "0"],
    [formatNumber(0.00012), "1.2e-4"],
    [formatNumber(2e7), "2e7"],
    [formatCount(1234567), "1,234,567"],
    [formatShare(0.031), "3.1%"],
    [formatShare(0.9996), "over 99.9%"],
    [formatShare(0.0001), "under 0.1%"],
    [formatShare(1), "100%"],
    [formatShare(0.42), "42%"],
  ])("%s", (text, expected) => {
    expect(text).toBe(expected);
  });
});
