import type { Diagnosis } from "../../../protocol/advice.ts";
import { formatCount } from "../format.ts";
import type { ObservedStep } from "../observed-step.ts";
import type { Diagnoser } from "./diagnoser.ts";

/** Updates in a row. */
const MANY = 30;

/**
 * The global norm is exactly zero at every update: no parameter of the optimizer is reached by a gradient. A loss that is zero, too, as
 * a margin that every example keeps makes it, has come to its end.
 */
export class NoGradient implements Diagnoser {
  private inARow = 0;
  private firstStep = 0;
  private lastStep = 0;

  observe({ step, skipped, normPre, loss }: ObservedStep): void {
    if (skipped || normPre === null) return;
    if (normPre !== 0 || loss === 0) {
      this.inARow = 0;
      return;
    }
    if (this.inARow === 0) this.firstStep = step;
    this.inARow += 1;
    this.lastStep = step;
  }

  finding(): Diagnosis | null {
    if (this.inARow < MANY) return null;
    const { firstStep, lastStep } = this;
    return {
      kind: "no-gradient",
      confidence: "certain",
      firstStep,
      lastStep,
      evidence: `The gradient norm was exactly zero at ${formatCount(this.inARow)} updates in a row: no parameter of this optimizer got a gradient.`,
      next: "See whether the loss is computed from the parameters that this optimizer holds (a detach, a no_grad, a frozen or another model), and whether half precision without a loss scale rounds all gradients to zero. No threshold changes a zero.",
    };
  }
}
