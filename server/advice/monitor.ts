import type { Advice, NormDistribution } from "../../protocol/advice.ts";
import { toJsonNumber } from "../../protocol/shape.ts";
import type { RunEvent } from "../../protocol/telemetry.ts";
import { ClipRate } from "./clip-rate.ts";
import type { Detector } from "./detectors/detector.ts";
import { ExplosionDetector } from "./detectors/explosion.ts";
import { FallingScaleDetector } from "./detectors/falling-scale.ts";
import { NonFiniteDetector } from "./detectors/nonfinite.ts";
import { SpikeDetector } from "./detectors/spike.ts";
import { ThresholdChangeDetector } from "./detectors/threshold-change.ts";
import { explain } from "./explanation.ts";
import { NormHistory } from "./history.ts";
import { normThreshold, type ObservedStep } from "./observed-step.ts";
import { type Outcome, outcomeOf } from "./outcome.ts";
import { SteadyThreshold } from "./steady-threshold.ts";
import { staticThreshold } from "./threshold.ts";
import { FEWEST_STEPS, SETTLED_STEPS, verdictOn } from "./verdict.ts";

export type { ObservedStep } from "./observed-step.ts";

/**
 * Watches one series: give it every step, in order, and it tells faults as they happen and advice at any time. Constant
 * memory, constant time per step; pure, so that replaying the steps of a stored run gives the same again. Events come
 * without a series id, which it doesn't know.
 */
export class SeriesMonitor {
  private readonly history = new NormHistory();
  private readonly clipping = new ClipRate();
  private readonly steady = new SteadyThreshold();
  private readonly detectors: readonly Detector[] = [
    new SpikeDetector(),
    new NonFiniteDetector(),
    new ExplosionDetector(),
    new FallingScaleDetector(),
    new ThresholdChangeDetector(),
  ];
  private inForce: number | null = null;
  private byValue = false;
  private skipped = 0;
  private nonFinite = 0;
  /** Updates that tell a norm after clipping but none before. */
  private postOnly = 0;
  private exploded = false;
  private nextEstimate = FEWEST_STEPS;

  observe(step: ObservedStep): RunEvent[] {
    const events: RunEvent[] = [];
    for (const detector of this.detectors) {
      const event = detector.observe(step);
      if (event) events.push(event);
    }
    this.clipping.observe(step);
    this.byValue = step.byValue;
    this.inForce = normThreshold(step);
    if (step.skipped) this.skipped += 1;
    else this.take(step);
    return events;
  }

  /** Share of the last 200 steps that were clipped; null where there is no threshold. */
  get clipRate(): number | null {
    return this.clipping.rate;
  }

  advice(): Advice {
    const { byValue, postOnly, clipping } = this;
    const { recentMedian, sudden } = this.history;
    const advice = this.conclusion();
    return { ...advice, explanation: explain({ advice, clipping, byValue, postOnly, recentMedian, sudden }) };
  }

  outcome(): Outcome {
    return outcomeOf(this.conclusion(), this.clipping, this.history);
  }

  private conclusion(): Omit<Advice, "explanation"> {
    const { inForce, exploded, clipRate } = this;
    const statistics = this.history.statistics();
    const threshold = this.steady.shown;
    const verdict = verdictOn({ statistics, exploded, threshold, inForce, clipRate });
    const effect = threshold === null ? null : this.history.effectOf(threshold);
    return {
      verdict,
      threshold,
      inForce,
      preliminary: (statistics?.steps ?? 0) < SETTLED_STEPS,
      evidence: {
        steps: statistics?.steps ?? 0,
        firstStep: statistics?.firstStep ?? 0,
        lastStep: statistics?.lastStep ?? 0,
        median: toJsonNumber(statistics?.median ?? Number.NaN),
        p99: toJsonNumber(statistics?.p99 ?? Number.NaN),
        max: toJsonNumber(statistics?.max ?? Number.NaN),
        localTailRatio: finiteOrNull(statistics?.localTailRatio),
        multiplier: threshold === null || statistics === null ? null : threshold / statistics.median,
        exploded,
        nonFinite: this.nonFinite,
        skipped: this.skipped,
        wouldClip: finiteOrNull(effect?.wouldClip),
        meanClipFactor: finiteOrNull(effect?.meanClipFactor),
      },
    };
  }

  /** The norms before clipping that the advice rests on. */
  distribution(): NormDistribution {
    return this.history.distribution();
  }

  private take({ step, normPre, normPost }: ObservedStep): void {
    if (normPre === null) {
      if (normPost !== null) this.postOnly += 1;
      return;
    }
    if (!Number.isFinite(normPre)) this.nonFinite += 1;
    this.history.push(step, normPre);
    const exploded = this.history.exploded;
    if (exploded !== this.exploded || this.history.count >= this.nextEstimate) this.estimate(exploded);
  }

  /** Estimates anew at set numbers of steps, not when somebody asks, so that a replay shows the same number. */
  private estimate(exploded: boolean): void {
    this.exploded = exploded;
    const count = this.history.count;
    if (count >= this.nextEstimate) this.nextEstimate = Math.max(count + 10, Math.ceil(count * 1.05));
    const statistics = this.history.statistics();
    if (statistics !== null && (statistics.steps >= FEWEST_STEPS || (statistics.exploded && statistics.steps >= 4)))
      this.steady.update(staticThreshold(statistics));
  }
}

const finiteOrNull = (value: number | undefined) => (value !== undefined && Number.isFinite(value) ? value : null);
