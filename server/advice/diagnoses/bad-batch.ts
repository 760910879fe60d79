import type { Diagnosis } from "../../../protocol/advice.ts";
import type { RunEvent } from "../../../protocol/telemetry.ts";
import { formatCount, formatNumber } from "../format.ts";
import type { ObservedStep } from "../observed-step.ts";
import { medianOf } from "../quantile.ts";
import { Ring } from "../ring.ts";
import { SortedWindow } from "../sorted-window.ts";
import type { Diagnoser } from "./diagnoser.ts";

const FEWEST = 30;
/** Steps without a spike before it and, but for the first few that may still feel it, after it. */
const QUIET_BEFORE = 30;
const RECOVERY = 10;
const ECHO = 3;
/** More of them than one in so many steps are the way of the data, not single batches. */
const RARE = 200;

/** A step at which norm and loss both stood out, alone, and after which both went back to where they had been. */
export class BadBatch implements Diagnoser {
  private readonly losses = new Ring(100);
  private readonly after = new SortedWindow(RECOVERY - ECHO);
  private seen = 0;
  private lastSpike = Number.NEGATIVE_INFINITY;
  /** The step under suspicion. */
  private suspectAt = Number.NEGATIVE_INFINITY;
  private limit = 0;
  private readonly suspect = { step: 0, norm: 0, usualNorm: 0, loss: 0, usualLoss: 0 };
  private count = 0;
  private readonly found = { step: 0, norm: 0, usualNorm: 0, loss: 0, usualLoss: 0 };

  observe({ step, loss, skipped }: ObservedStep, events: readonly RunEvent[]): void {
    if (skipped || loss === null || !Number.isFinite(loss)) return;
    this.seen += 1;
    const spike = events.find(({ kind }) => kind === "spike");
    const age = this.seen - this.suspectAt;
    if (spike && age > ECHO) {
      this.suspectAt = Number.NEGATIVE_INFINITY;
      if (this.seen - this.lastSpike > QUIET_BEFORE) this.begin(step, loss, spike);
    } else if (age <= RECOVERY) this.follow(age, loss);
    if (spike) this.lastSpike = this.seen;
    else this.losses.push(loss);
  }

  private begin(step: number, loss: number, { data }: RunEvent): void {
    if (this.losses.length < FEWEST) return;
    const losses = this.losses.toArray();
    const usualLoss = medianOf(losses);
    const deviation = medianOf(losses.map((other) => Math.abs(other - usualLoss)));
    const spread = Math.max(1.4826 * deviation, 0.1 * Math.abs(usualLoss));
    this.limit = usualLoss + 5 * spread;
    if (loss <= this.limit) return;
    this.suspectAt = this.seen;
    this.after.clear();
    Object.assign(this.suspect, { step, norm: Number(data.norm), usualNorm: Number(data.median), loss, usualLoss });
  }

  private follow(age: number, loss: number): void {
    if (age <= ECHO) return;
    this.after.push(loss);
    if (age < RECOVERY || this.after.median() > this.limit) return;
    this.count += 1;
    Object.assign(this.found, this.suspect);
  }

  finding(): Diagnosis | null {
    const { count, found } = this;
    if (count === 0 || (count > 1 && count * RARE > this.seen)) return null;
    const { step, norm, usualNorm, loss, usualLoss } = found;
    const more = count === 1 ? "" : ` It is the latest of ${formatCount(count)} such steps.`;
    return {
      kind: "bad-batch",
      confidence: "likely",
      firstStep: step,
      lastStep: step,
      evidence: `At step ${formatCount(step)} the norm was ${formatNumber(norm)} instead of about ${formatNumber(usualNorm)} and the loss ${formatNumber(loss)} instead of about ${formatNumber(usualLoss)}; ${RECOVERY} steps later the loss was back.${more}`,
      next: "Look at the data of that batch. One such step is what clipping is for, and no reason for a lower threshold.",
    };
  }
}
