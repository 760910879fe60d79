import { expect, test } from "vitest";
import { CrashBudget } from "./crash-budget.ts";

test("four crashes in three minutes are forgiven, the fifth is not", () => {
  const budget = new CrashBudget();
  expect([0, 1000, 2000, 3000, 4000].map((time) => budget.spend(time))).toEqual([true, true, true, true, false]);
});

test("crashes far apart are forgiven for ever", () => {
  const budget = new CrashBudget();
  for (let minute = 0; minute < 60; minute++) expect(budget.spend(minute * 60_000)).toBe(true);
});
