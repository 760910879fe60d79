import type { Diagnosis } from "../../../protocol/advice.ts";
import { formatNumber, formatShare } from "../format.ts";
import type { ObservedStep } from "../observed-step.ts";
import { isScaleInvariant } from "../optimizer.ts";
import { medianOf } from "../quantile.ts";
import { Ring } from "../ring.ts";
import type { Diagnoser, SeriesFacts } from "./diagnoser.ts";

const WINDOW = 200;
const START = 20;
const CLIPPED = 0.9;
const FAR = 5;
const HARDLY_FELL = 0.7;

/**
 * Nearly all of the last 200 steps were clipped, the median one to less than a fifth, and the loss has fallen by less than a third. Only
 * where the optimizer's update grows with the gradient: others undo the scaling, and a clip rate of 100 % is harmless there.
 */
export class OverClipping implements Diagnoser {
  private readonly norms = new Ring(WINDOW);
  private readonly losses = new Ring(WINDOW);
  private readonly start = new Ring(START);
  private readonly steps = { first: 0, last: 0 };

  observe({ step, normPre, loss, skipped }: ObservedStep): void {
    if (skipped) return;
    if (loss !== null && Number.isFinite(loss)) {
      if (this.start.length < START) this.start.push(loss);
      this.losses.push(loss);
    }
    if (normPre === null || !Number.isFinite(normPre)) return;
    this.norms.push(normPre);
    if (this.norms.length === 1) this.steps.first = step;
    this.steps.last = step;
  }

  finding({ optimizer, clipping, inForce }: SeriesFacts): Diagnosis | null {
    const rate = clipping.rate;
    if (inForce === null || rate === null || rate <= CLIPPED || clipping.total < WINDOW) return null;
    if (isScaleInvariant(optimizer) !== false || this.norms.length < WINDOW || this.losses.length < WINDOW) return null;
    const [start, now, median] = [this.start, this.losses, this.norms].map((ring) => medianOf(ring.toArray())) as [
      number,
      number,
      number,
    ];
    if (!(start > 0) || now <= HARDLY_FELL * start || median <= FAR * inForce) return null;
    return {
      kind: "over-clipping",
      confidence: "likely",
      firstStep: this.steps.first,
      lastStep: this.steps.last,
      evidence: `${formatShare(rate)} of the last ${WINDOW} steps were clipped, the median one to ${formatShare(inForce / median)} of its length, and the loss has hardly fallen: from ${formatNumber(start)} to ${formatNumber(now)}.`,
      next: `Under SGD that is a learning rate ${formatNumber(median / inForce)} times smaller than the one that is set: raise the threshold, or clip less and choose the learning rate anew.`,
    };
  }
}
