/** Milliseconds of work after which other work is let through. */
const WORK = 4;

/** Breaks up long work of one thread, so that probes and viewers are answered meanwhile. */
export class Breath {
  private since = performance.now();
  private readonly signal: AbortSignal | null;

  /** `signal`: gives the work up, which is noticed when a breath is taken. */
  constructor(signal: AbortSignal | null = null) {
    this.signal = signal;
  }

  /** Resolves at once while little has been done since the last breath. @throws {DOMException} when it was given up */
  async taken(): Promise<void> {
    if (performance.now() - this.since < WORK) return;
    this.signal?.throwIfAborted();
    await new Promise((resolve) => setImmediate(resolve));
    this.since = performance.now();
  }
}
