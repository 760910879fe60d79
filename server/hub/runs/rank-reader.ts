import type { StoredFrame } from "../store/frames.ts";
import type { Store } from "../store/store.ts";

interface AttemptPart {
  readonly attempt: number;
  /** The first to read. */
  readonly seq: number;
}

/** Reads one rank's frames in the order of training, a page at a time. */
export class RankReader {
  /** Of the last step read. */
  time = Number.NEGATIVE_INFINITY;
  private attempts: readonly AttemptPart[];
  private readonly pageSize: number;

  constructor(attempts: readonly AttemptPart[], pageSize: number) {
    this.attempts = attempts;
    this.pageSize = pageSize;
  }

  get isDone(): boolean {
    return this.attempts.length === 0;
  }

  page(store: Store, newest: number): StoredFrame[] {
    const [{ attempt, seq }, ...later] = this.attempts as [AttemptPart, ...AttemptPart[]];
    const frames = store.frames.ofAttempt(attempt, seq - 1, newest, this.pageSize);
    const last = frames.at(-1);
    this.attempts = last && frames.length === this.pageSize ? [{ attempt, seq: last.seq + 1 }, ...later] : later;
    return frames;
  }
}

/** The reader that is furthest behind; undefined when all are done. */
export function earliest(readers: readonly RankReader[]): RankReader | undefined {
  return readers.filter(({ isDone }) => !isDone).sort((a, b) => a.time - b.time)[0];
}
