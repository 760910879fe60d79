import type { Advice, Diagnosis, NormDistribution } from "../../protocol/advice.ts";
import { toJsonNumber } from "../../protocol/shape.ts";
import type { RunEvent } from "../../protocol/telemetry.ts";
import { ClipRate } from "./clip-rate.ts";
import type { Detector } from "./detectors/detector.ts";
import { ExplosionDetector } from "./detectors/explosion.ts";
import { FallingScaleDetector } from "./detectors/falling-scale.ts";
import { NonFiniteDetector } from "./detectors/nonfinite.ts";
import { SpikeDetector } from "./detectors/spike.ts";
import { ThresholdChangeDetector } from "./detectors/threshold-change.ts";
import { BadBatch } from "./diagnoses/bad-batch.ts";
import { DeadLayers } from "./diagnoses/dead-layers.ts";
import type { Diagnoser, SeriesFacts } from "./diagnoses/diagnoser.ts";
import { HotLearningRate } from "./diagnoses/hot-learning-rate.ts";
import { InactiveClipping } from "./diagnoses/inactive-clipping.ts";
import { NoGradient } from "./diagnoses/no-gradient.ts";
import { OverClipping } from "./diagnoses/over-clipping.ts";
import { Overflow } from "./diagnoses/overflow.ts";
import { VanishingLayers } from "./diagnoses/vanishing-layers.ts";
import { explain } from "./explanation.ts";
import { NormHistory } from "./history.ts";
import { normThreshold, type ObservedLayers, type ObservedStep } from "./observed-step.ts";
import { isScaleInvariant } from "./optimizer.ts";
import { type Outcome, outcomeOf } from "./outcome.ts";
import { SteadyThreshold } from "./steady-threshold.ts";
import { staticThreshold } from "./threshold.ts";
import { type Conclusion, FEWEST_STEPS, SETTLED_STEPS, verdictOn } from "./verdict.ts";

export type { ObservedLayers, ObservedStep } from "./observed-step.ts";

/** What the steps don't tell; see {@link SeriesFacts}. */
export type SeriesIdentity = Pick<SeriesFacts, "optimizer" | "layers">;
const UNKNOWN: SeriesIdentity = { optimizer: null, layers: () => null };

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
  /** Most important first. */
  private readonly diagnosers: readonly Diagnoser[] = [
    new Overflow(),
    new NoGradient(),
    new HotLearningRate(),
    new DeadLayers(),
    new VanishingLayers(),
    new OverClipping(),
    new BadBatch(),
    new InactiveClipping(),
  ];
  private seen = 0;
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
    for (const diagnoser of this.diagnosers) diagnoser.observe?.(step, events);
    this.seen += 1;
    this.clipping.observe(step);
    this.byValue = step.byValue;
    this.inForce = normThreshold(step);
    if (step.skipped) this.skipped += 1;
    else this.take(step);
    return events;
  }

  /** Takes the norms of single layers, where they are known; steps come in order. */
  observeLayers(layers: ObservedLayers): void {
    for (const diagnoser of this.diagnosers) diagnoser.observeLayers?.(layers);
  }

  /** Share of the last 200 steps that were clipped; null where there is no threshold. */
  get clipRate(): number | null {
    return this.clipping.rate;
  }

  advice(identity: SeriesIdentity = UNKNOWN): Advice {
    const { byValue, postOnly, clipping } = this;
    const { recentMedian } = this.history;
    const advice = this.conclusion();
    const diagnoses = this.diagnoses(identity);
    const { optimizer } = identity;
    const findings = { advice, diagnoses, optimizer, clipping, byValue, postOnly, recentMedian };
    return { ...advice, scaleInvariant: isScaleInvariant(optimizer), explanation: explain(findings), diagnoses };
  }

  outcome(): Outcome {
    return outcomeOf(this.conclusion(), this.clipping, this.history);
  }

  private conclusion(): Conclusion {
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
        start: toJsonNumber(statistics?.start ?? Number.NaN),
        localTailRatio: finiteOrNull(statistics?.localTailRatio),
        multiplier: threshold === null || statistics === null ? null : threshold / statistics.median,
        exploded,
        sudden: exploded && this.history.sudden,
        nonFinite: this.nonFinite,
        skipped: this.skipped,
        wouldClip: finiteOrNull(effect?.wouldClip),
        meanClipFactor: finiteOrNull(effect?.meanClipFactor),
      },
    };
  }

  /** None below 30 steps, and preliminary ones below 200, whatever they rest on. */
  diagnoses(identity: SeriesIdentity = UNKNOWN): Diagnosis[] {
    if (this.seen < FEWEST_STEPS) return [];
    const { clipping, inForce, seen } = this;
    const found = this.diagnosers.map((diagnoser) => diagnoser.finding({ ...identity, clipping, inForce }));
    return found
      .filter((each) => each !== null)
      .map((each) => (seen < SETTLED_STEPS ? { ...each, confidence: "preliminary" } : each));
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
