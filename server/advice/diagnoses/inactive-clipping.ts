import type { Diagnosis } from "../../../protocol/advice.ts";
import { formatCount, formatNumber } from "../format.ts";
import type { ObservedStep } from "../observed-step.ts";
import type { Diagnoser, SeriesFacts } from "./diagnoser.ts";

const FEWEST = 1000;

/** No step of a thousand or more was clipped. */
export class InactiveClipping implements Diagnoser {
  private readonly steps = { seen: 0, first: 0, last: 0 };

  observe({ step }: ObservedStep): void {
    if (this.steps.seen === 0) this.steps.first = step;
    this.steps.seen += 1;
    this.steps.last = step;
  }

  finding({ clipping, inForce }: SeriesFacts): Diagnosis | null {
    if (inForce === null || clipping.total < FEWEST || clipping.clipped > 0) return null;
    return {
      kind: "inactive",
      confidence: "certain",
      firstStep: this.steps.first,
      lastStep: this.steps.last,
      evidence: `None of ${formatCount(clipping.total)} steps was clipped at ${formatNumber(inForce)}: so far the run is as it would be without clipping.`,
      next: "Nothing needs to be done: it costs little, and bounds a step that stands out. Whatever troubles this run, the threshold isn't it.",
    };
  }
}
