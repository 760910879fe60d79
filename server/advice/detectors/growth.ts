import { SortedWindow } from "../sorted-window.ts";

const RECENT = 10;
const BEFORE = 100;
const RUNNING = 5;

/**
 * Sustained growth: the median of the last 10 values exceeds `factor` times the median of the 100 before, and `unheard` times
 * that of any 100 before, 5 values running.
 */
export class GrowthDetector {
  private readonly factor: number;
  private readonly unheard: number;
  private readonly recent = new SortedWindow(RECENT);
  private readonly before = new SortedWindow(BEFORE);
  private highest = 0;
  private running = 0;

  constructor(factor: number, unheard = 0) {
    this.factor = factor;
    this.unheard = unheard;
  }

  get recentMedian(): number {
    return this.recent.median();
  }
  get medianBefore(): number {
    return this.before.median();
  }

  /** Takes a finite value; true while the values are growing. Where the past is not positive (a policy's loss), never. */
  push(value: number): boolean {
    const left = this.recent.push(value);
    if (!Number.isNaN(left)) this.before.push(left);
    const past = this.before.length < BEFORE ? Number.NaN : this.before.median();
    const least = Math.max(this.factor * past, this.unheard * this.highest);
    this.running = past > 0 && this.recent.median() > least ? this.running + 1 : 0;
    if (past > this.highest) this.highest = past;
    return this.running >= RUNNING;
  }
}
