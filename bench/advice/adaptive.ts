/**
 * Policies whose threshold changes with the training: what came of whole trainings with them (`adaptive.csv`, by
 * `retrained/adapt.py`). No static threshold bounds them, so that their regret may lie below 0.
 */
import { type Apart, apart, logRatio } from "./apart.ts";
import { mean, type Oracle } from "./quality.ts";

/** By policy; `rows`: those of `adaptive.csv`. */
export function adaptivePolicies(rows: Record<string, string>[], oracle: Oracle): Record<string, Apart> {
  const known = rows.filter(({ task }) => oracle.has(task!));
  return Object.fromEntries(
    [...Map.groupBy(known, ({ policy }) => policy!)].map(([policy, trained]) => {
      const logs = trained.map(({ task, mean_final_loss: loss }) => [task!, logRatio(oracle, task!, Number(loss))]);
      const failed = mean(trained.map(({ frac_nonfinite: share }) => Number(share)));
      return [policy, { ...apart(Object.fromEntries(logs)), failed }];
    }),
  );
}
