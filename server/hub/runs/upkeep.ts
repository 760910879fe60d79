import type { Log } from "../thread.ts";
import type { LoadedRuns } from "./loaded-runs.ts";

/** A run whose model is so many frames or steps behind is brought up to date: what is left then is read in a blink when it is opened. */
export const FRAMES_BEHIND = 500;
const STEPS_BEHIND = 5_000;
/** Milliseconds until an explosion is found in a run that nobody looks at, at most. */
const LONGEST_BEHIND = 5_000;

/** Keeps the models of runs close to their frames, also while nobody looks, so that each opens at once. One run at a time. */
export class Upkeep {
  private readonly loaded: LoadedRuns;
  private readonly log: Log;
  private readonly behind = new Map<number, { frames: number; steps: number; since: number }>();
  private readonly due = new Set<number>();
  private running = false;
  private closed = false;

  constructor(loaded: LoadedRuns, log: Log) {
    this.loaded = loaded;
    this.log = log;
  }

  /** A frame of this run was put into the store. */
  stored(run: number, steps: number): void {
    const behind = this.behind.get(run) ?? { frames: 0, steps: 0, since: performance.now() };
    behind.frames += 1;
    behind.steps += steps;
    this.behind.set(run, behind);
    const isLate = performance.now() - behind.since > LONGEST_BEHIND;
    if (isLate || behind.frames >= FRAMES_BEHIND || behind.steps >= STEPS_BEHIND) this.bringUpToDate([run]);
  }

  bringUpToDate(runs: Iterable<number>): void {
    for (const run of runs) this.due.add(run);
    if (!this.running) void this.work();
  }

  close(): void {
    this.closed = true;
    this.due.clear();
  }

  private async work(): Promise<void> {
    this.running = true;
    for (const run of this.due) {
      this.due.delete(run);
      this.behind.delete(run);
      // Not at once: this is called where a transaction may be under way.
      await new Promise((resolve) => setImmediate(resolve));
      if (this.closed) break;
      try {
        await this.loaded.get(run);
      } catch (error) {
        // Deleted meanwhile, or it will be tried again with the next frames.
        if (!this.closed) this.log("warn", `A run could not be brought up to date: ${(error as Error).message}`);
      }
    }
    this.running = false;
  }
}
