import { expect, it } from "vitest";
import { heldOut } from "./held-out.ts";
import { type Oracle, readOracle } from "./quality.ts";

/** Of one task: thresholds 1, 2, …, each with its losses by seed, or with what is known without them. */
function oracle(...rows: (number[] | { mean: number; error: number })[]): Oracle {
  return readOracle(
    rows.map((row, i) => {
      const of = Array.isArray(row) ? row : null;
      const mean = of ? of.reduce((sum, loss) => sum + loss) / of.length : (row as { mean: number }).mean;
      const se = of ? 0 : (row as { error: number }).error;
      const losses = of ? { final_losses: of.join(" ") } : {};
      return { task: "t", threshold: String(i + 1), mean_final_loss: String(mean), se: String(se), ...losses };
    }),
  );
}

it("picks on all seeds but one, and is scored on that one", () => {
  // Without the first seed the second threshold is the best (1 beside 2), without either other one the first (1.5 beside 5).
  const found = heldOut(oracle([1, 2, 2], [9, 1, 1]))!;
  expect([found.tasks, found.seen]).toEqual([["t"], 2]);
  expect(found.regret).toBeCloseTo((9 + 2 + 2) / 3 / (5 / 3) - 1, 12);
});

it("is as good as the best where seeds make no difference", () => {
  expect(heldOut(oracle([1, 1, 1], [2, 2, 2]))!.regret).toBeCloseTo(0, 12);
});

it("tells nothing of a task whose losses by seed are not known, or not of all that could be picked", () => {
  expect(heldOut(oracle({ mean: 1, error: 0.1 }))).toBeNull();
  expect(heldOut(oracle([1, 1, 1], { mean: 1.2, error: 0.3 }))).toBeNull();
  expect(heldOut(oracle([1, 1, 1], { mean: 1.2, error: 0.1 }))!.regret).toBeCloseTo(0, 12);
  expect(heldOut(oracle([1], [2]))).toBeNull();
});
