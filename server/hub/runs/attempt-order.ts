/** How the attempts of a run belong together: the ranks that were started together, and the attempts of one rank in order. */
import type { StoredAttempt } from "../store/attempts.ts";

export interface PlacedAttempt {
  readonly key: number;
  readonly rank: number;
  readonly worldSize: number;
  /** 0 for the rank's first, 1 for the one that took its place, and so on. */
  readonly number: number;
  /** What the attempts of other ranks that were started together with it have, too, and no others. */
  readonly together: string;
}

/** By key. `attempts` in the order in which they were first heard of. */
export function placed(attempts: readonly StoredAttempt[]): Map<number, PlacedAttempt> {
  const counts = new Map<string, number>();
  const count = (of: string) => {
    const before = counts.get(of) ?? 0;
    counts.set(of, before + 1);
    return before;
  };
  return new Map(
    attempts.map(({ key, rank, worldSize, group }) => {
      const number = count(`${rank}`);
      // A launcher that gives no other sign may start the same group again.
      const together = `${group} ${count(`${rank} of ${group}`)}`;
      return [key, { key, rank, worldSize, number, together }];
    }),
  );
}
