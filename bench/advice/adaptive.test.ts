import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { AUTOCLIP } from "../../server/analysis/frameworks/pytorch-helpers.ts";
import { adaptivePolicies } from "./adaptive.ts";
import { readOracle } from "./quality.ts";

it("scores what adapts beside the best static threshold, which it may beat", () => {
  const oracle = readOracle([
    { task: "t", threshold: "1", mean_final_loss: "2", se: "0" },
    { task: "t", threshold: "2", mean_final_loss: "4", se: "0" },
    { task: "u", threshold: "1", mean_final_loss: "1", se: "0" },
  ]);
  const row = (policy: string, task: string, mean_final_loss: string, frac_nonfinite: string) => ({
    policy,
    task,
    mean_final_loss,
    frac_nonfinite,
  });
  const found = adaptivePolicies(
    [row("a", "t", "1", "0"), row("a", "u", "1", "0.5"), row("b", "t", "8", "0"), row("b", "unknown", "9", "0")],
    oracle,
  );
  expect(found.a!.regret).toBeCloseTo(Math.sqrt(1 / 2) - 1, 12);
  expect(found.a!.failed).toBe(0.25);
  expect(found.b!.regret).toBeCloseTo(3, 12);
  expect(Object.keys(found.b!.byTask)).toEqual(["t"]);
});

it("was trained with the code that is written into scripts", () => {
  const trained = readFileSync(join(import.meta.dirname, "retrained/policies.py"), "utf8");
  expect(trained).toContain(`${AUTOCLIP.define(AUTOCLIP.uses).join("\n")}\n`);
});
