import type { StoredFrame } from "../store/frames.ts";
import type { Store } from "../store/store.ts";

/** Reads one rank's frames in the order of training, a page at a time. */
export class RankReader {
  /** Of the last step read. */
  time = Number.NEGATIVE_INFINITY;
  private readonly attempts: number[];
  private readonly pageSize: number;
  private seq = -1;

  constructor(attempts: number[], pageSize: number) {
    this.attempts = attempts;
    this.pageSize = pageSize;
  }

  get isDone(): boolean {
    return this.attempts.length === 0;
  }

  page(store: Store, newest: number): StoredFrame[] {
    const frames = store.frames.ofAttempt(this.attempts[0]!, this.seq, newest, this.pageSize);
    this.seq = frames.at(-1)?.seq ?? this.seq;
    if (frames.length < this.pageSize) {
      this.attempts.shift();
      this.seq = -1;
    }
    return frames;
  }
}

/** The reader that is furthest behind; undefined when all are done. */
export function earliest(readers: readonly RankReader[]): RankReader | undefined {
  return readers.filter(({ isDone }) => !isDone).sort((a, b) => a.time - b.time)[0];
}
