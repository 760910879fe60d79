/**
 * The oracle that has seen some seeds only: it picks the threshold that did best on all seeds of a task but one and is
 * scored on that one, in turn for each. No static rule can be asked for more, since what is best on some seeds owes a
 * part of its lead to them. Its loss is the mean of the losses that it was scored by, beside the lowest mean over all
 * seeds that a threshold has, as for the other methods.
 */
import { bootstrap, mean, type Oracle, type Point } from "./quality.ts";

export interface HeldOut {
  /** Tasks of which it can be told. */
  readonly tasks: readonly string[];
  /** Seeds that the oracle sees; the fewest of a task. */
  readonly seen: number;
  /** Geometric mean of loss / best loss, minus 1. */
  readonly regret: number;
  /** 95 % of it, when the tasks are drawn again and again from these. */
  readonly interval: readonly [number, number];
}

/** Null where it can be told of no task. */
export function heldOut(oracle: Oracle): HeldOut | null {
  const scored = [...oracle].flatMap(([task, points]) => {
    const ratio = heldOutRatio(points);
    return ratio === null ? [] : [{ task, log: Math.log(ratio) }];
  });
  if (scored.length === 0) return null;
  const logs = scored.map(({ log }) => log);
  const tasks = scored.map(({ task }) => task);
  const seen = Math.min(...tasks.map((task) => Math.max(...oracle.get(task)!.map(({ bySeed }) => bySeed.length)) - 1));
  return { tasks, seen, regret: Math.expm1(mean(logs)), interval: bootstrap(logs) };
}

/** Null where the losses by seed don't tell. */
function heldOutRatio(points: readonly Point[]): number | null {
  const known = points.filter(({ bySeed }) => bySeed.length > 0);
  const seeds = known[0]?.bySeed.length ?? 0;
  if (seeds < 2 || known.some(({ bySeed }) => bySeed.length !== seeds)) return null;
  const picks = Array.from({ length: seeds }, (_, seed) =>
    known
      .map(({ bySeed }) => ({ seen: mean(bySeed.toSpliced(seed, 1)), unseen: bySeed[seed]! }))
      .reduce((best, each) => (each.seen < best.seen ? each : best)),
  );
  // The mean over all seeds but one lies within one standard error of the mean over all of them, so that a threshold of
  // which only these two are known can be out of reach.
  const reach = Math.max(...picks.map(({ seen }) => seen));
  if (points.some(({ bySeed, loss, error }) => bySeed.length === 0 && !(loss - error > reach))) return null;
  return mean(picks.map(({ unseen }) => unseen)) / Math.min(...points.map(({ loss }) => loss));
}
