/**
 * How good is a threshold? `oracle.csv` holds the final loss of real retrainings at each of 14 thresholds a task; between
 * them the loss is interpolated, linearly in the logarithms.
 */
import { quantileOfSorted } from "../../server/advice/quantile.ts";
import type { Method } from "./rivals.ts";
import type { Trace } from "./traces.ts";

export interface Point {
  readonly threshold: number;
  readonly loss: number;
  /** Standard error of `loss`, which is the mean over the seeds. */
  readonly error: number;
  /** The loss with each seed; empty where only the mean is known. */
  readonly bySeed: readonly number[];
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
      error: Number(row.se),
      bySeed: (row.final_losses ?? "").split(" ").filter(Boolean).map(Number),
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
  /** 95 % of it, when the tasks are drawn again and again from these. */
  interval: readonly [number, number];
  /** Share of suggestions whose loss is as good as one that the oracle calls in band. */
  inBand: number;
  /** Share whose loss is more than twice the best. */
  twiceBest: number;
  /** Share of runs that went non-finite. */
  failed: number;
  worst: { task: string; seed: string; threshold: number; ratio: number };
  /** Logarithm of loss / best loss by task, the mean over its seeds. */
  byTask: Record<string, number>;
}

/** Each task's traces of `clip`, all seeds, cut after `steps`: the method's threshold from each, and what it would cost. */
export function quality(
  method: Method,
  traces: Map<string, Trace>,
  oracle: Oracle,
  clip: string,
  steps: number,
): Quality {
  let [inBand, twiceBest, failed, count] = [0, 0, 0, 0];
  const logs = new Map<string, number[]>();
  let worst = { task: "", seed: "", threshold: Number.NaN, ratio: 0 };
  for (const { task, seed, norms, ...trace } of traces.values()) {
    const points = oracle.get(task);
    if (!points || trace.clip !== clip) continue;
    const threshold = method(norms.slice(0, steps).filter(Number.isFinite));
    const outcome = interpolate(points, threshold);
    const ratio = outcome.loss / Math.min(...points.map(({ loss }) => loss));
    logs.set(task, [...(logs.get(task) ?? []), Math.log(ratio)]);
    count += 1;
    if (outcome.loss <= Math.max(...points.filter((point) => point.inBand).map(({ loss }) => loss))) inBand += 1;
    if (ratio > 2) twiceBest += 1;
    failed += outcome.failed;
    if (ratio > worst.ratio) worst = { task, seed, threshold, ratio };
  }
  const byTask = Object.fromEntries([...logs].map(([task, ratios]) => [task, mean(ratios)]));
  const perTask = Object.values(byTask);
  return {
    regret: Math.expm1(mean(perTask)),
    interval: bootstrap(perTask),
    inBand: inBand / count,
    twiceBest: twiceBest / count,
    failed: failed / count,
    worst,
    byTask,
  };
}

/** How much larger the losses of one method are than another's on the same tasks. */
export interface Difference {
  /** Geometric mean of loss / the other's loss, minus 1. */
  readonly excess: number;
  /** 95 % of it, when the tasks are drawn again and again from these. */
  readonly interval: readonly [number, number];
}

/** `byTask` of each, as in {@link Quality}. */
export function difference(of: Record<string, number>, from: Record<string, number>): Difference {
  const logs = Object.entries(of).map(([task, log]) => log - from[task]!);
  return { excess: Math.expm1(mean(logs)), interval: bootstrap(logs) };
}

/** Seeds of a task are no tasks of their own: whole tasks are drawn. */
export function bootstrap(logs: readonly number[]): [number, number] {
  const random = seeded(1);
  const means = Array.from({ length: 4000 }, () => mean(logs.map(() => logs[Math.floor(random() * logs.length)]!)));
  const sorted = Float64Array.from(means).sort();
  return [Math.expm1(quantileOfSorted(sorted, 0.025)), Math.expm1(quantileOfSorted(sorted, 0.975))];
}

export const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Mulberry32: the same draws each time. */
function seeded(state: number): () => number {
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function interpolate(points: readonly Point[], threshold: number): { loss: number; failed: number } {
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
