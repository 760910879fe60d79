/** Milliseconds of work after which other work is let through. */
const WORK = 4;

/** Breaks up long work of one thread, so that probes and viewers are answered meanwhile. */
export class Breath {
  private since = performance.now();

  /** Resolves at once while little has been done since the last breath. */
  async taken(): Promise<void> {
    if (performance.now() - this.since < WORK) return;
    await new Promise((resolve) => setImmediate(resolve));
    this.since = performance.now();
  }
}
