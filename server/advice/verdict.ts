import type { Advice, Verdict } from "../../protocol/advice.ts";
import type { HistoryStatistics } from "./history.ts";

/** What the norms alone come to: advice before it is put into words, and without what is known of the optimizer. */
export type Conclusion = Omit<Advice, "explanation" | "diagnoses" | "scaleInvariant">;

/** Below this no threshold is given, except to a run that exploded. */
export const FEWEST_STEPS = 30;
/** Below this a suggestion is preliminary. */
export const SETTLED_STEPS = 200;
/** A threshold within this factor of the suggestion does as well. */
const SAME = 2;
/**
 * Norms that began so many times above the suggestion have left it for the end of the run: a new run would be clipped to a
 * thirtieth of its gradients' length until it has come as far. Of the benchmark's small trainings, most of those below 20
 * lose nothing by such a number.
 */
const FALLEN = 30;

export interface Situation {
  readonly statistics: HistoryStatistics | null;
  readonly exploded: boolean;
  readonly threshold: number | null;
  readonly inForce: number | null;
  readonly clipRate: number | null;
}

export function verdictOn({ statistics, exploded, threshold, inForce, clipRate }: Situation): Verdict {
  if (exploded) return "exploding";
  if (statistics === null || statistics.steps < FEWEST_STEPS || threshold === null) return "too-few-steps";
  if (isCalm(statistics) && !(clipRate !== null && clipRate > 0.5)) return "not-needed";
  if (inForce !== null && threshold <= inForce * SAME && threshold >= inForce / SAME) return "keep";
  if (statistics.start > FALLEN * threshold) return "converged";
  return "suggest";
}

/** Norms that never strayed. Said of 1000 steps at least, since many runs are calm until they explode. */
function isCalm({ steps, median, p99, max }: HistoryStatistics): boolean {
  return steps >= 1000 && max / median < 5 && p99 / median < 3;
}
