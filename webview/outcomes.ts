/** What became of what the user had the extension do to a series: one at a time for each. */

interface Outcome {
  readonly id: number;
  /** null: under way. */
  readonly result: object | null;
}

let last = 0;

/** Of a message that the extension answers with the same. */
export const nextId = (): number => ++last;

export class Outcomes<T extends Outcome> {
  readonly #latest = new Map<string, T>();

  /** The latest of the series. */
  of(run: string, series: string): T | null {
    return this.#latest.get(keyOf(run, series)) ?? null;
  }

  /** Begins what is asked; null while the one before is under way: a second press may come before the first is painted. */
  begin(run: string, series: string, asked: Omit<T, keyof Outcome>): number | null {
    const key = keyOf(run, series);
    if (this.#latest.get(key)?.result === null) return null;
    const id = nextId();
    this.#latest.set(key, { ...asked, id, result: null } as T);
    return id;
  }

  /** What has become known of one; of an older one of its series, nothing. */
  learn(id: number, news: Partial<T>): void {
    for (const [key, outcome] of this.#latest) if (outcome.id === id) this.#latest.set(key, { ...outcome, ...news });
  }
}

const keyOf = (run: string, series: string) => `${run}/${series}`;
