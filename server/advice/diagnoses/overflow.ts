import type { Diagnosis } from "../../../protocol/advice.ts";
import { formatCount, formatNumber } from "../format.ts";
import type { ObservedStep } from "../observed-step.ts";
import type { Diagnoser } from "./diagnoser.ts";

/** Fewer skipped updates in a row are routine while a scaler looks for its scale. */
const ROUTINE = 20;
/** Updates that were made since, after which it is past. */
const PAST = 100;

/** The gradient scaler skipped 20 updates in a row, lowering its scale each time, and found none at which the gradients are finite. */
export class Overflow implements Diagnoser {
  private inARow = 0;
  private since = 0;
  private scaleBefore = Number.NaN;
  private scale = Number.NaN;
  private made = PAST;
  private readonly found = { count: 0, firstStep: 0, lastStep: 0, from: Number.NaN, to: Number.NaN };

  observe({ step, skipped, lossScale }: ObservedStep): void {
    if (!skipped) {
      this.inARow = 0;
      this.made += 1;
      this.scale = lossScale ?? this.scale;
      return;
    }
    if (this.inARow === 0) {
      this.since = step;
      this.scaleBefore = lossScale ?? this.scale;
    }
    this.scale = lossScale ?? this.scale;
    this.inARow += 1;
    if (this.inARow < ROUTINE) return;
    this.made = 0;
    const { inARow: count, since: firstStep, scaleBefore: from, scale: to } = this;
    Object.assign(this.found, { count, firstStep, lastStep: step, from, to });
  }

  finding(): Diagnosis | null {
    if (this.made >= PAST) return null;
    const { count, firstStep, lastStep, from, to } = this.found;
    const fell = to < from ? `, and its scale fell from ${formatNumber(from)} to ${formatNumber(to)}` : "";
    return {
      kind: "overflow",
      confidence: "certain",
      firstStep,
      lastStep,
      evidence: `The gradient scaler skipped ${formatCount(count)} updates in a row, steps ${formatCount(firstStep)} to ${formatCount(lastStep)}${fell}: the gradients are not finite at any scale.`,
      next: "Look for the NaN or the overflow in the forward pass (a division or a logarithm of zero, an operation that half precision can't hold), or train in bfloat16. No threshold helps: a norm that is not finite can't be clipped.",
    };
  }
}
