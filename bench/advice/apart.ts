/**
 * What is scored apart: thresholds that change with the training, and those that trials tell. The best static threshold is no
 * bound to the former, and the latter have seen more than norms.
 */
import { bootstrap, mean, type Oracle } from "./quality.ts";

/** Of several tasks, beside the best static threshold of each. */
export interface Apart {
  /** Geometric mean of loss / best loss, minus 1. */
  readonly regret: number;
  /** 95 % of it, when the tasks are drawn again and again from these. */
  readonly interval: readonly [number, number];
  /** Share of the trainings that went non-finite, where they were made. */
  readonly failed?: number;
  /** Logarithm of loss / best loss by task. */
  readonly byTask: Record<string, number>;
}

export function apart(byTask: Record<string, number>): Apart {
  const logs = Object.values(byTask);
  return { regret: Math.expm1(mean(logs)), interval: bootstrap(logs), byTask };
}

/** Logarithm of a loss over the lowest mean that a threshold has. */
export const logRatio = (oracle: Oracle, task: string, loss: number): number =>
  Math.log(loss / Math.min(...oracle.get(task)!.map((point) => point.loss)));

/** The static methods among them, on the same tasks. `byTask` of each, as in `Quality`. */
export function besideStatic(
  methods: Record<string, Apart>,
  statics: Record<string, { readonly byTask: Record<string, number> }>,
): Record<string, Apart> {
  const tasks = Object.keys(Object.values(methods)[0]?.byTask ?? {});
  const onSame = Object.entries(statics).map(([name, { byTask }]) => [
    name,
    apart(Object.fromEntries(tasks.map((task) => [task, byTask[task]!]))),
  ]);
  return { ...Object.fromEntries(onSame), ...methods };
}
