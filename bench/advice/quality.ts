/**
 * How good is a threshold? `oracle.csv` holds the final loss of real retrainings at each of 14 thresholds a task; between
 * them the loss is interpolated, linearly in the logarithms.
 */
import type { Method } from "./rivals.ts";
import type { Trace } from "./traces.ts";

interface Point {
  readonly threshold: number;
  readonly loss: number;
  readonly failed: number;
  readonly inBand: boolean;
}
export type Oracle = Map<string, Point[]>;

export function readOracle(rows: Record<string, string>[]): Oracle {
  const oracle: Oracle = new Map();
  for (const row of rows) {
    const points = oracle.get(row.task!) ?? [];
    points.push({
      threshold: row.threshold === "inf" ? Number.POSITIVE_INFINITY : Number(row.threshold),
      loss: Number(row.mean_final_loss),
      failed: Number(row.frac_nonfinite),
      inBand: row.in_band === "1",
    });
    oracle.set(
      row.task!,
      points.sort((a, b) => a.threshold - b.threshold),
    );
  }
  return oracle;
}

export interface Quality {
  /** Geometric mean of loss / best loss, minus 1. */
  regret: number;
  /** Share of suggestions whose loss is as good as one that the oracle calls in band. */
  inBand: number;
  /** Share whose loss is more than twice the best. */
  twiceBest: number;
  /** Share of runs that went non-finite. */
  failed: number;
  worst: { task: string; seed: string; threshold: number; ratio: number };
}

/** Each task's traces of `clip`, three seeds, cut after `steps`: the method's threshold from each, and what it would cost. */
export function quality(
  method: Method,
  traces: Map<string, Trace>,
  oracle: Oracle,
  clip: string,
  steps: number,
): Quality {
  let [logs, inBand, twiceBest, failed, count] = [0, 0, 0, 0, 0];
  let worst = { task: "", seed: "", threshold: Number.NaN, ratio: 0 };
  for (const { task, seed, norms, ...trace } of traces.values()) {
    const points = oracle.get(task);
    if (!points || trace.clip !== clip) continue;
    const threshold = method(norms.slice(0, steps).filter(Number.isFinite));
    const outcome = interpolate(points, threshold);
    const ratio = outcome.loss / Math.min(...points.map(({ loss }) => loss));
    logs += Math.log(ratio);
    count += 1;
    if (outcome.loss <= Math.max(...points.filter((point) => point.inBand).map(({ loss }) => loss))) inBand += 1;
    if (ratio > 2) twiceBest += 1;
    failed += outcome.failed;
    if (ratio > worst.ratio) worst = { task, seed, threshold, ratio };
  }
  return {
    regret: Math.exp(logs / count) - 1,
    inBand: inBand / count,
    twiceBest: twiceBest / count,
    failed: failed / count,
    worst,
  };
}

function interpolate(points: Point[], threshold: number): { loss: number; failed: number } {
  const above = points.findIndex((point) => point.threshold >= threshold);
  const high = points[above]!;
  const low = points[Math.max(0, above - 1)]!;
  if (high.threshold === threshold || above === 0) return high;
  // Between the largest threshold tried and none at all there is no distance: the larger one stands for both.
  const weight =
    high.threshold === Number.POSITIVE_INFINITY
      ? 0
      : Math.log(threshold / low.threshold) / Math.log(high.threshold / low.threshold);
  return {
    loss: Math.exp(Math.log(low.loss) + weight * (Math.log(high.loss) - Math.log(low.loss))),
    failed: low.failed + weight * (high.failed - low.failed),
  };
}
