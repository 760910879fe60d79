/**
 * Static thresholds by other methods, from the same norms. Those that adapt at every step are taken where they stand after
 * the last of these norms.
 */
import { NormHistory } from "../../server/advice/history.ts";
import { quantileOfSorted } from "../../server/advice/quantile.ts";
import { roundThreshold, staticThreshold } from "../../server/advice/threshold.ts";

export type Method = (norms: readonly number[]) => number;

export const percentile =
  (q: number): Method =>
  (norms) =>
    quantileOfSorted(Float64Array.from(norms).sort(), q);

export const mean: Method = (norms) => norms.reduce((sum, norm) => sum + norm, 0) / norms.length;

/** ZClip: exponential mean and deviation of the norms (0.97, 25 steps of warm-up), 2.5 deviations above the mean; an outlier enters clipped. */
const zclip: Method = (norms) => {
  const warmUp = norms.slice(0, 25);
  let average = mean(warmUp);
  let variance = mean(warmUp.map((norm) => (norm - average) ** 2));
  for (const norm of norms.slice(25)) {
    const z = (norm - average) / (Math.sqrt(variance) + 1e-6);
    const taken = z > 2.5 ? average + (2.5 ** 2 / z) * Math.sqrt(variance) : norm;
    variance = 0.97 * variance + 0.03 * (taken - average) ** 2;
    average = 0.97 * average + 0.03 * taken;
  }
  return average + 2.5 * Math.sqrt(variance);
};

export const gradsight: Method = (norms) => {
  const history = new NormHistory();
  for (const [step, norm] of norms.entries()) history.push(step, norm);
  return roundThreshold(staticThreshold(history.statistics()!));
};

export const METHODS: Record<string, Method> = {
  Gradsight: gradsight,
  "AutoClip p50": percentile(0.5),
  "AutoClip p10": percentile(0.1),
  "ZClip 2.5σ": zclip,
  "constant 1.0": () => 1,
  "mean × 0.5": (norms) => 0.5 * mean(norms),
  "mean × 1": mean,
  "mean × 10": (norms) => 10 * mean(norms),
  "no clipping": () => Number.POSITIVE_INFINITY,
};
