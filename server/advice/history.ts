import type { NormDistribution } from "../../protocol/advice.ts";
import { BIN_WIDTH, LogHistogram } from "./histogram.ts";
import { quantileOfSorted } from "./quantile.ts";
import { Ring } from "./ring.ts";
import { SortedWindow } from "./sorted-window.ts";
import type { NormStatistics } from "./threshold.ts";

/** Above this a norm counts as infinite. */
export const NORM_CEILING = 1e30;
const RING = 1000;
const FIRST_BLOCK = 100;
/** Finite norms after a non-finite one that show that the run goes on. */
const RECOVERY = 100;
/** Norms before this one have too short a past for a local ratio. */
const FIRST_RATIO = 10;

export interface HistoryStatistics extends NormStatistics {
  readonly firstStep: number;
  readonly lastStep: number;
  readonly p99: number;
  readonly max: number;
  /** The reference level: where the norms began. */
  readonly start: number;
}

/**
 * The norms of a run, cleaned, in constant memory: exactly while they fit the ring, by logarithmic histograms after.
 *
 * Cleaning: nothing counts from a non-finite norm on, unless 100 finite ones follow; nor does a norm ≤ 0. The reference level is the median of the
 * first block, max(4, min(n/4, 100)) norms. If the run went non-finite, or the median of its last 10 norms exceeds 100
 * reference levels, it exploded, and the norms at its end that exceed 10 reference levels don't count.
 */
export class NormHistory {
  /** Norms taken in, before the end of an explosion is dropped. */
  count = 0;
  /** The run is non-finite: what comes doesn't count until it has recovered. */
  cut = false;

  private finiteSinceCut = 0;
  private readonly ring = new Ring(RING);
  private readonly ratioRing = new Ring(RING);
  private readonly settled = new Tally();
  /** The norms above 10 reference levels since the last one below; kept apart only once the ring has wrapped. */
  private readonly trailing = new Tally();
  private readonly firstNorms = new Float64Array(FIRST_BLOCK);
  private readonly firstBlock = new SortedWindow(FIRST_BLOCK);
  private readonly previous = new SortedWindow(50);
  private readonly last10 = new SortedWindow(10);
  private readonly steps = new Ring(RING);
  private firstStep = 0;
  private settledStep = 0;

  push(step: number, norm: number): void {
    if (!(norm <= NORM_CEILING)) {
      this.cut = true;
      this.finiteSinceCut = 0;
      return;
    }
    if (norm <= 0) return;
    if (this.cut) {
      this.recover();
      return;
    }
    if (this.count === 0) this.firstStep = step;
    const ratio = this.count >= FIRST_RATIO ? norm / this.previous.median() : Number.NaN;
    if (this.count < FIRST_BLOCK) this.firstNorms[this.count] = norm;
    this.count += 1;
    while (this.firstBlock.length < Math.min(this.blockSize(), this.count))
      this.firstBlock.push(this.firstNorms[this.firstBlock.length]!);
    this.previous.push(norm);
    this.last10.push(norm);
    this.ring.push(norm);
    this.ratioRing.push(ratio);
    this.steps.push(step);
    this.tally(step, norm, ratio);
  }

  /** Weights that went NaN stay NaN; norms that are finite again for long say that the bad update was harmless. */
  private recover(): void {
    this.finiteSinceCut += 1;
    if (this.finiteSinceCut < RECOVERY) return;
    this.cut = false;
    this.last10.clear();
  }

  get exploded(): boolean {
    return this.cut || (this.count > 0 && this.last10.median() > 100 * this.referenceLevel());
  }

  /** Non-finite out of the blue: none of the last 10 norms before was large. */
  get sudden(): boolean {
    return this.cut && this.last10.maximum() <= 10 * this.referenceLevel();
  }

  /** Of the last 10 norms. */
  get recentMaximum(): number {
    return this.last10.maximum();
  }

  /** Median of the last 50 norms. */
  get recentMedian(): number {
    return this.previous.median();
  }

  /** Null while nothing counts. `exact: false` takes the histograms where the ring would do, for comparing the two. */
  statistics(exact = this.count <= RING): HistoryStatistics | null {
    if (this.count === 0) return null;
    if (this.count > RING) return this.fromTallies();
    const kept = this.count - (this.exploded ? this.trailingLength() : 0);
    if (exact) return this.fromRing(kept);
    const tally = new Tally();
    const norms = this.ring.toArray();
    const ratios = this.ratioRing.toArray();
    for (let i = 0; i < kept; i++) tally.add(norms[i]!, ratios[i]!);
    return this.describe(tally, this.steps.toArray()[kept - 1]!);
  }

  /** Share of the counted norms above `threshold`, and the mean of min(1, threshold / norm) over all of them. */
  effectOf(threshold: number): { wouldClip: number; meanClipFactor: number } {
    let clipped = 0;
    let factors = 0;
    let total = 0;
    for (const [norm, count] of this.countedNorms()) {
      total += count;
      if (norm > threshold) clipped += count;
      factors += count * Math.min(1, threshold / norm);
    }
    return { wouldClip: clipped / total, meanClipFactor: factors / total };
  }

  /** The norms that count, ascending, and how often each was seen; rounded to `resolution`, a share of the norm. */
  distribution(): NormDistribution {
    const seen = new Map<number, number>();
    for (const [norm, count] of this.countedNorms()) seen.set(norm, (seen.get(norm) ?? 0) + count);
    const sorted = [...seen].sort(([a], [b]) => a - b);
    return {
      resolution: this.count <= RING ? 0 : BIN_WIDTH,
      norms: sorted.map(([norm]) => norm),
      counts: sorted.map(([, count]) => count),
    };
  }

  private *countedNorms(): Iterable<readonly [number, number]> {
    const exploded = this.exploded;
    if (this.count <= RING) {
      const kept = this.count - (exploded ? this.trailingLength() : 0);
      for (const norm of this.ring.toArray().subarray(0, kept)) yield [norm, 1];
    } else {
      yield* this.settled.norms;
      if (!exploded) yield* this.trailing.norms;
    }
  }

  private blockSize(): number {
    return Math.max(4, Math.min(Math.floor(this.count / 4), FIRST_BLOCK));
  }

  private referenceLevel(): number {
    return this.firstBlock.median();
  }

  private trailingLength(): number {
    const norms = this.ring.toArray();
    const limit = 10 * this.referenceLevel();
    let kept = norms.length;
    while (kept > this.blockSize() && norms[kept - 1]! > limit) kept -= 1;
    return norms.length - kept;
  }

  /** The reference level stands still from 400 norms on, so that from there a norm's side can be told as it comes. */
  private tally(step: number, norm: number, ratio: number): void {
    if (this.count < RING) return;
    if (this.count === RING) {
      const norms = this.ring.toArray();
      const ratios = this.ratioRing.toArray();
      const kept = RING - this.trailingLength();
      for (let i = 0; i < RING; i++) (i < kept ? this.settled : this.trailing).add(norms[i]!, ratios[i]!);
      this.settledStep = this.steps.toArray()[kept - 1]!;
      return;
    }
    if (norm > 10 * this.referenceLevel()) {
      this.trailing.add(norm, ratio);
      return;
    }
    this.settled.absorb(this.trailing);
    this.settled.add(norm, ratio);
    this.settledStep = step;
  }

  private fromTallies(): HistoryStatistics {
    if (this.exploded || this.trailing.norms.count === 0) return this.describe(this.settled, this.settledStep);
    const both = new Tally();
    both.include(this.settled);
    both.include(this.trailing);
    return this.describe(both, this.steps.newest());
  }

  private describe(tally: Tally, lastStep: number): HistoryStatistics {
    return {
      steps: tally.norms.count,
      median: tally.norms.quantile(0.5),
      p99: tally.norms.quantile(0.99),
      max: tally.max,
      start: this.referenceLevel(),
      localTailRatio: tally.ratios.quantile(0.99),
      exploded: this.exploded && !this.sudden,
      firstStep: this.firstStep,
      lastStep,
    };
  }

  private fromRing(kept: number): HistoryStatistics {
    const norms = this.ring.toArray().subarray(0, kept).sort();
    const ratios = this.ratioRing.toArray().subarray(FIRST_RATIO, Math.max(kept, FIRST_RATIO)).sort();
    return {
      steps: kept,
      median: quantileOfSorted(norms, 0.5),
      p99: quantileOfSorted(norms, 0.99),
      max: norms[kept - 1]!,
      start: this.referenceLevel(),
      localTailRatio: quantileOfSorted(ratios, 0.99),
      exploded: this.exploded && !this.sudden,
      firstStep: this.firstStep,
      lastStep: this.steps.toArray()[kept - 1]!,
    };
  }
}

/** Norms and their local ratios, as histograms. */
class Tally {
  readonly norms = new LogHistogram();
  readonly ratios = new LogHistogram();
  max = 0;

  add(norm: number, ratio: number): void {
    this.norms.add(norm);
    if (!Number.isNaN(ratio)) this.ratios.add(ratio);
    if (norm > this.max) this.max = norm;
  }

  include(other: Tally): void {
    this.norms.addAll(other.norms);
    this.ratios.addAll(other.ratios);
    this.max = Math.max(this.max, other.max);
  }

  /** Takes all of `other` over and leaves it empty. */
  absorb(other: Tally): void {
    if (other.norms.count === 0) return;
    this.include(other);
    other.norms.clear();
    other.ratios.clear();
    other.max = 0;
  }
}
