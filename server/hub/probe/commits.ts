import type { Store } from "../store/store.ts";
import type { Log } from "../thread.ts";
import type { Attempt } from "./attempt.ts";

/** How long a commit may wait for company, in milliseconds, and how much may wait. */
const DELAY = 20;
const MOST_BYTES = 4 * 1024 * 1024;
const MOST_ENTRIES = 512;

interface Entry {
  readonly attempt: Attempt;
  readonly write: (store: Store) => void;
}

export interface CommitListener {
  /** All that this attempt sent up to now is on disk. */
  committed(attempt: Attempt): void;
  /** Its run is no longer in the store. */
  deleted(attempt: Attempt): void;
  /** It could not be written; what is unacknowledged must come again. */
  failed(attempt: Attempt): void;
}

/** Gathers what probes sent into one transaction, because a commit costs more than what is in it. */
export class Commits {
  private readonly store: Store;
  private readonly listener: CommitListener;
  private readonly log: Log;
  private queue: Entry[] = [];
  private bytes = 0;
  private timer: NodeJS.Timeout | null = null;
  /** Nothing could be written last: what probes try in vain again and again is told to the user once. */
  private isFailing = false;

  constructor(store: Store, listener: CommitListener, log: Log) {
    this.store = store;
    this.listener = listener;
    this.log = log;
  }

  add(attempt: Attempt, bytes: number, write: (store: Store) => void): void {
    if (attempt.broken) return;
    this.queue.push({ attempt, write });
    this.bytes += bytes;
    if (this.bytes >= MOST_BYTES || this.queue.length >= MOST_ENTRIES) this.flush();
    else this.timer ??= setTimeout(() => this.flush(), DELAY);
  }

  flush(): void {
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
    const entries = this.queue;
    if (entries.length === 0) return;
    this.queue = [];
    this.bytes = 0;
    const attempts = [...new Set(entries.map(({ attempt }) => attempt))];
    let alive: Attempt[];
    try {
      alive = this.store.transaction(() => this.write(attempts, entries));
    } catch (error) {
      const trouble = `What a training tells could not be stored, and is told again. ${this.store.trouble(error)}`;
      this.log(this.isFailing ? "error" : "alert", trouble);
      this.isFailing = true;
      for (const attempt of attempts) {
        attempt.broken = true;
        this.listener.failed(attempt);
      }
      return;
    }
    this.isFailing = false;
    for (const attempt of attempts) {
      if (alive.includes(attempt)) this.listener.committed(attempt);
      else this.listener.deleted(attempt);
    }
  }

  private write(attempts: readonly Attempt[], entries: readonly Entry[]): Attempt[] {
    const alive = attempts.filter(({ key }) => this.store.attempts.exists(key));
    for (const { attempt, write } of entries) if (alive.includes(attempt)) write(this.store);
    const now = Date.now() / 1000;
    for (const { key, next, heardAt } of alive) this.store.attempts.advance(key, next, heardAt ?? now);
    return alive;
  }
}
