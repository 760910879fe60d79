import type { Diagnosis } from "../../../protocol/advice.ts";
import { formatNumber, formatShare } from "../format.ts";
import type { ObservedStep } from "../observed-step.ts";
import { medianOf } from "../quantile.ts";
import { Ring } from "../ring.ts";
import { SortedWindow } from "../sorted-window.ts";
import type { Diagnoser } from "./diagnoser.ts";

const BLOCK = 50;
const RECENT = 100;
const RATIOS = 20;
const FEWEST_RATIOS = 10;
/** The loss as it was before the first steps changed it. */
const START = 10;
/** An update of more than a twentieth of the weights' norm, for many steps. Where the learning rate suits, a thousandth is usual. */
const LARGE_UPDATE = 0.05;
/** A loss above this share of the first is one that does not fall. */
const NOT_FALLING = 0.85;
/** The learning rate against the highest one before the loss was at its best, and the loss against that best. */
const RATE_ROSE = 3;
const LOSS_ROSE = 1.5;

/**
 * Ways in which a learning rate shows that it is too high, by medians and of positive losses alone. Updates were large against the weights,
 * and the loss went out of bounds, or does not fall; one that fell within the first few steps is compared with later ones only
 * while updates are as large. Or the rate rose to what it had never been before, and so did the loss, above its best, and stayed;
 * a restart of a cyclic schedule only returns to a rate that was there before.
 */
export class HotLearningRate implements Diagnoser {
  private readonly recent = new Ring(RECENT);
  private readonly start = new SortedWindow(START);
  private readonly block = new Ring(BLOCK);
  private readonly ratios = new SortedWindow(RATIOS);
  private losses = 0;
  private firstStep = 0;
  private lastStep = 0;
  private firstBlock = Number.NaN;
  private outOfBounds = false;
  private bestLoss = Number.POSITIVE_INFINITY;
  private bestStep = 0;
  private lossesAtBest = 0;
  private highestRate = 0;
  private highestRateAtBest = 0;
  private highestRatio = 0;

  observe({ step, normPre, loss, learningRate, updateRatio, skipped }: ObservedStep): void {
    if (skipped) return;
    if (learningRate !== null && learningRate > this.highestRate && Number.isFinite(learningRate))
      this.highestRate = learningRate;
    if (updateRatio !== null && Number.isFinite(updateRatio)) {
      this.ratios.push(updateRatio);
      if (this.ratios.length >= FEWEST_RATIOS) this.highestRatio = Math.max(this.highestRatio, this.ratios.median());
    }
    this.lastStep = step;
    if (normPre !== null || loss !== null) this.outOfBounds = isOutOfBounds(normPre) || isOutOfBounds(loss);
    if (loss === null || !Number.isFinite(loss)) return;
    if (this.losses === 0) this.firstStep = step;
    this.losses += 1;
    if (this.start.length < START) this.start.push(loss);
    this.recent.push(loss);
    this.block.push(loss);
    if (this.block.total % BLOCK === 0) this.endBlock(step);
  }

  private endBlock(step: number): void {
    const median = medianOf(this.block.toArray());
    if (Number.isNaN(this.firstBlock)) this.firstBlock = median;
    if (median >= this.bestLoss) return;
    this.bestLoss = median;
    this.bestStep = step;
    this.lossesAtBest = this.losses;
    this.highestRateAtBest = this.highestRate;
  }

  finding(): Diagnosis | null {
    const about = { kind: "hot-learning-rate", confidence: "likely", lastStep: this.lastStep } as const;
    const updates = `Updates changed the weights by ${formatShare(this.highestRatio)} of their norm a step, where about 0.1% is usual`;
    const next =
      "Lower the learning rate, to a third or a tenth, before touching the threshold: a lower threshold would only act as a smaller learning rate.";
    if (this.outOfBounds && this.highestRatio > LARGE_UPDATE)
      return {
        ...about,
        firstStep: this.firstStep,
        evidence: `${updates}, before the loss or the gradients became NaN or infinite.`,
        next,
      };
    if (this.losses < BLOCK + RECENT || !(this.bestLoss > 0)) return null;
    const now = medianOf(this.recent.toArray());
    if (
      this.highestRateAtBest > 0 &&
      this.highestRate > RATE_ROSE * this.highestRateAtBest &&
      this.losses - this.lossesAtBest >= RECENT &&
      now > LOSS_ROSE * this.bestLoss
    )
      return {
        ...about,
        firstStep: this.bestStep,
        evidence: `The learning rate rose from ${formatNumber(this.highestRateAtBest)} to ${formatNumber(this.highestRate)}, and the loss with it: its median is ${formatNumber(now)} over the last ${RECENT} steps, and was ${formatNumber(this.bestLoss)} at its best.`,
        next: "Let the learning rate rise less far. A lower threshold would only act as a smaller learning rate.",
      };
    const isLarge = this.ratios.length >= FEWEST_RATIOS && this.ratios.median() > LARGE_UPDATE;
    const before = isLarge ? this.firstBlock : this.start.median();
    if (this.highestRatio > LARGE_UPDATE && now > NOT_FALLING * before)
      return {
        ...about,
        firstStep: this.firstStep,
        evidence: `${updates}, and the loss does not fall: its median was ${formatNumber(before)} at first and is ${formatNumber(now)} over the last ${RECENT} steps.`,
        next,
      };
    return null;
  }
}

const isOutOfBounds = (value: number | null): boolean => value !== null && !Number.isFinite(value);
