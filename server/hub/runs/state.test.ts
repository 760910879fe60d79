import { expect, it } from "vitest";
import { type ObservedStep, SeriesMonitor } from "../../advice/monitor.ts";
import { encodeState, restoreState, StateError } from "./state.ts";

/** A run with spikes, skipped steps, a changed threshold, an explosion and a recovery, so that every detector has something to keep. */
function steps(seed: number): ObservedStep[] {
  let state = seed;
  const next = () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return state / 2 ** 31;
  };
  return Array.from({ length: 4000 }, (_, step) => {
    const level = step > 3000 && step < 3040 ? 1e5 : 1;
    const odd = next() < 0.01 ? [Number.NaN, Number.POSITIVE_INFINITY, 50, 0][Math.floor(next() * 4)]! : 1;
    const normPre = next() < 0.02 ? null : level * odd * Math.exp(next() - 0.5);
    return {
      step,
      time: step,
      normPre,
      normPost: normPre === null ? null : Math.min(normPre, 1),
      threshold: step % 900 < 30 ? null : step < 2000 ? 1 : 2,
      loss: next() < 0.1 ? null : level * (1 + next()),
      learningRate: next() < 0.1 ? null : step < 1500 ? 1e-3 : 1e-2,
      updateRatio: next() < 0.5 ? null : 0.1 * next(),
      lossScale: step > 2490 ? 2 ** 16 / 2 ** Math.max(0, step - 2500) : null,
      skipped: step > 2500 && step < 2525,
      byValue: false,
    };
  });
}

const names = ["first.weight", "second.weight", "third.weight", "fourth.weight"];
const identity = { optimizer: "torch.optim.SGD", layers: () => names };

it.each([1, 2, 3])("a monitor goes on as if it had never been put away (seed %i)", (seed) => {
  const run = steps(seed);
  const whole = new SeriesMonitor();
  let monitor = new SeriesMonitor();
  let found = 0;
  const diagnosed = new Set<string>();
  for (const [i, step] of run.entries()) {
    if (i % 97 === 0) {
      const bytes = encodeState(monitor, { at: i });
      monitor = new SeriesMonitor();
      expect(restoreState(monitor, bytes)).toEqual({ at: i });
    }
    const events = whole.observe(step);
    found += events.length;
    expect(monitor.observe(step)).toEqual(events);
    for (const each of [whole, monitor]) each.observeLayers({ step: i, norms: [1e-5, i < 600 ? 1e-3 : 0, 0.1, 1] });
    if (i % 50 !== 0) continue;
    const advice = whole.advice(identity);
    expect(monitor.advice(identity)).toEqual(advice);
    for (const { kind } of advice.diagnoses) diagnosed.add(kind);
  }
  expect(monitor.clipRate).toBe(whole.clipRate);
  expect(found).toBeGreaterThan(10);
  expect([...diagnosed].sort()).toEqual(["dead", "hot-learning-rate", "overflow", "vanishing"]);
});

it("keeps what JSON has not, and empty lists", () => {
  const make = () => ({
    a: Number.NaN,
    b: null as number | null,
    list: [] as number[],
    all: new Float64Array(3),
    on: false,
  });
  const kept = make();
  Object.assign(kept, { a: Number.NEGATIVE_INFINITY, b: 7, list: [1, Number.NaN], on: true });
  kept.all[1] = -0;
  const fresh = make();
  restoreState(fresh, encodeState(kept, null));
  expect(fresh).toEqual(kept);
});

it.each([
  ["a field more", { a: 1, b: 2 }, { a: 1 }],
  ["a field less", { a: 1 }, { a: 1, b: 2 }],
  ["a longer array", { a: new Uint32Array([1, 2, 3]) }, { a: new Uint32Array(2) }],
  ["another array", { a: new Uint32Array([1]) }, { a: new Float64Array(1) }],
  ["another kind of value", { a: true }, { a: 1 }],
])("refuses what has %s", (_, kept, fresh) => {
  expect(() => restoreState(fresh, encodeState(kept, null))).toThrow(StateError);
});
