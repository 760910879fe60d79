/** Tells the starts of a training apart in a log of a program that doesn't count them, by what it logs again. */
export class UncountedAttempts {
  /** How far each thing that is logged has come: its attempt, and the last step. */
  private readonly reached = new Map<string, { attempt: number; step: number }>();

  /**
   * The attempt that a value belongs to: one that comes once more to a step that lies behind it and that it has told already
   * is that of a training which was started again.
   */
  of(name: string, step: number, hasTold: (attempt: number) => boolean): number {
    const before = this.reached.get(name);
    let attempt = before?.attempt ?? 0;
    if (before && step < before.step && hasTold(attempt)) attempt += 1;
    this.reached.set(name, { attempt, step });
    return attempt;
  }

  /** What was told from a step on doesn't count. */
  forget(step: number): void {
    for (const [name, { attempt, step: reached }] of this.reached)
      this.reached.set(name, { attempt, step: Math.min(reached, step - 1) });
  }
}
