import { expect, it } from "vitest";
import { nextId, Outcomes } from "./outcomes.ts";

interface Written {
  readonly id: number;
  readonly threshold: number;
  readonly result: { readonly ok: boolean } | null;
}

it("has one under way for each series of each run", () => {
  const outcomes = new Outcomes<Written>();
  const first = outcomes.begin("run", "model", { threshold: 1 })!;
  expect(outcomes.begin("run", "model", { threshold: 2 })).toBeNull();
  expect(outcomes.of("run", "model")).toEqual({ id: first, threshold: 1, result: null });
  expect(outcomes.begin("run", "critic", { threshold: 3 })).not.toBeNull();
  expect(outcomes.begin("other", "model", { threshold: 4 })).not.toBeNull();
  expect(outcomes.of("other", "critic")).toBeNull();
});

it("begins the next one once the answer is there, and keeps that until then", () => {
  const outcomes = new Outcomes<Written>();
  const first = outcomes.begin("run", "model", { threshold: 1 })!;
  outcomes.learn(first, { result: { ok: false } });
  expect(outcomes.of("run", "model")).toEqual({ id: first, threshold: 1, result: { ok: false } });
  const second = outcomes.begin("run", "model", { threshold: 2 })!;
  outcomes.learn(first, { result: { ok: true } }); // too late
  expect(outcomes.of("run", "model")).toEqual({ id: second, threshold: 2, result: null });
});

it("never gives an id twice, whatever it is for", () => {
  const [writes, changes] = [new Outcomes<Written>(), new Outcomes<Written>()];
  const ids = [
    writes.begin("run", "model", { threshold: 1 }),
    nextId(),
    changes.begin("run", "model", { threshold: 1 }),
  ];
  expect(new Set(ids).size).toBe(3);
});
