/** Are planted faults found? Each `fault_*` trace has its fault at a known step: a loss × 30 once, a NaN, a learning rate × 100. */
import { type Detected, detect } from "./parity.ts";
import type { Trace } from "./traces.ts";

const LOSS_TIMES_30 = 400;
const NAN = 450;
/** Tasks whose norms are spiky by nature: heavy tails, outliers in the data. */
const SPIKY = new Set([
  "gru_heavy",
  "mlp_outlier",
  "cauchy_noise",
  "corrupt_batches",
  "identity_rnn",
  "lognormal_targets",
  "policy_gradient",
  "rare_class",
  "summed_sentences",
]);

export interface FaultRecall {
  badBatches: { found: number; of: number };
  nonFinite: { found: number; of: number };
  /** Healthy runs, clipped at 1.0, on which an explosion was claimed. */
  falseExplosions: { found: number; of: number };
  /** Spikes per 1000 steps on the others, clipped at 1.0. */
  quietSpikes: number;
}

export function faultRecall(traces: Map<string, Trace>): FaultRecall {
  const all = [...traces.values()];
  const runs = (chosen: (trace: Trace) => boolean) => all.filter(chosen);
  const count = (of: Trace[], hit: (found: Detected) => boolean) => ({
    found: of.filter((trace) => hit(detect(trace))).length,
    of: of.length,
  });
  const quiet = runs(({ task, clip }) => clip === "1.0" && !task.includes("+") && !SPIKY.has(task));
  const quietSteps = quiet.reduce((sum, { norms }) => sum + norms.length, 0);
  const spikes = quiet.reduce((sum, trace) => sum + detect(trace).spikes.length, 0);
  return {
    badBatches: count(
      runs(({ task }) => task.endsWith("+lossx30once")),
      ({ spikes }) => spikes.includes(LOSS_TIMES_30),
    ),
    nonFinite: count(
      runs(({ task }) => task.endsWith("+nan450")),
      ({ nonFinite }) => nonFinite === NAN,
    ),
    falseExplosions: count(
      runs(({ task, clip }) => clip === "1.0" && !task.includes("+")),
      ({ explosion }) => explosion !== null,
    ),
    quietSpikes: (1000 * spikes) / quietSteps,
  };
}
