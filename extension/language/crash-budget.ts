/** How many crashes in how long are answered by a restart. More is a crash loop, which only wastes the user's battery. */
const MAX_CRASHES = 4;
const WINDOW_MS = 3 * 60_000;

export class CrashBudget {
  private crashes: number[] = [];

  /** Counts a crash at `now` (milliseconds); false when the budget is spent. */
  spend(now: number): boolean {
    this.crashes = [...this.crashes.filter((time) => now - time < WINDOW_MS), now];
    return this.crashes.length <= MAX_CRASHES;
  }
}
