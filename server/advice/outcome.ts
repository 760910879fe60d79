import { fromJsonNumber } from "../../protocol/shape.ts";
import type { ClipRate } from "./clip-rate.ts";
import type { Conclusion } from "./verdict.ts";

/** What the norms of one series have come to, for who reads the code that made them. */
export interface Outcome {
  /** Norms that count: finite, not skipped, before the end of an explosion. */
  readonly steps: number;
  /** Of those norms. NaN where there are none. */
  readonly median: number;
  readonly p99: number;
  readonly max: number;
  /** The norms fell so far that what they come to suits no new run: none is suggested. */
  readonly converged: boolean;
  /** The suggestion, and whether more steps may still change it much. */
  readonly threshold: number | null;
  readonly preliminary: boolean;
  /** The threshold that bounded the norm at the latest step. */
  readonly inForce: number | null;
  /** Norms that never strayed in 1000 steps or more: clipping was not needed. */
  readonly calm: boolean;
  /** Steps that could tell whether they were clipped, and those that were. */
  readonly clippable: number;
  readonly clipped: number;
  /** The norms grew beyond all that came before, and stayed there or became NaN. */
  readonly explosion: Explosion | null;
  /** NaN or infinite out of the blue, which no clipping prevents. */
  readonly sudden: boolean;
}

export interface Explosion {
  /** The last step before. */
  readonly after: number;
  /** The largest of the last ten finite norms. */
  readonly norm: number;
  readonly nonFinite: boolean;
}

/** Norms without which nothing is known of how they grew. */
const FEWEST_NORMS = 4;

export function outcomeOf(
  { verdict, threshold, preliminary, inForce, evidence }: Conclusion,
  { total, clipped }: ClipRate,
  { recentMaximum }: { readonly recentMaximum: number },
): Outcome {
  const { steps, exploded, sudden, nonFinite, lastStep } = evidence;
  const [median, p99, max] = [evidence.median, evidence.p99, evidence.max].map(fromJsonNumber) as [
    number,
    number,
    number,
  ];
  const grew = exploded && !sudden && steps >= FEWEST_NORMS;
  return {
    steps,
    median,
    p99,
    max,
    threshold: verdict === "converged" ? null : threshold,
    converged: verdict === "converged",
    preliminary,
    inForce,
    calm: verdict === "not-needed",
    clippable: total,
    clipped,
    explosion: grew ? { after: lastStep, norm: recentMaximum, nonFinite: nonFinite > 0 } : null,
    sudden,
  };
}
