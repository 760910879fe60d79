import type { DatabaseSync } from "node:sqlite";
import { Breath } from "../runs/breath.ts";
import { Attempts } from "./attempts.ts";
import { Events } from "./events.ts";
import { Frames } from "./frames.ts";
import { Models } from "./models.ts";
import { suspect } from "./open.ts";
import { Runs } from "./runs.ts";
import { SeriesTable } from "./series.ts";
import { isDamage, troubleOf } from "./trouble.ts";

/** Pages that are given back at once: some milliseconds of work. */
const PAGES = 64;

/** One database file. Two hubs may have it open: nothing is cached here that the other could change. */
export class Store {
  readonly runs: Runs;
  readonly attempts: Attempts;
  readonly series: SeriesTable;
  readonly frames: Frames;
  readonly events: Events;
  readonly models: Models;
  private readonly db: DatabaseSync;
  private ownChanges = 0;

  constructor(db: DatabaseSync) {
    this.db = db;
    this.runs = new Runs(db);
    this.attempts = new Attempts(db);
    this.series = new SeriesTable(db);
    this.frames = new Frames(db);
    this.events = new Events(db);
    this.models = new Models(db);
  }

  /** All or nothing. Whatever changes what viewers see goes through here. */
  transaction<T>(body: () => T): T {
    this.db.exec("BEGIN IMMEDIATE");
    try {
      const result = body();
      this.db.exec("COMMIT");
      this.ownChanges += 1;
      return result;
    } catch (error) {
      this.frames.rolledBack();
      try {
        this.db.exec("ROLLBACK");
      } catch {
        // On a full disk SQLite has rolled back by itself; what is thrown below says why.
      }
      throw error;
    }
  }

  /** What is wrong, for the user. Damage has the store checked when it is opened next. */
  trouble(error: unknown): string {
    const file = this.db.location() ?? "";
    if (isDamage(error)) suspect(file);
    return troubleOf(error, file);
  }

  /** Differs from its last value if anything was committed since, by this hub or by another. */
  get stamp(): string {
    const { data_version: others } = this.db.prepare("PRAGMA data_version").get() as { data_version: number };
    return `${this.ownChanges}/${others}`;
  }

  /** Bytes of the file that hold something. */
  get usedBytes(): number {
    return (this.pragma("page_count") - this.pragma("freelist_count")) * this.pragma("page_size");
  }

  /** Gives the space of deleted runs back to the file system, a piece at a time: a long run's takes seconds. */
  async shrink(): Promise<void> {
    const breath = new Breath();
    for (let left = this.pragma("freelist_count"), before = Infinity; 0 < left && left < before; ) {
      this.db.exec(`PRAGMA incremental_vacuum(${PAGES})`);
      await breath.taken();
      if (!this.db.isOpen) return;
      before = left;
      left = this.pragma("freelist_count");
    }
    // What was vacuumed is only in the write-ahead log until a checkpoint, and the file as large as before.
    this.db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  }

  /** As `shrink`, for whom nobody waits: where it fails, the space is given back with that of the next run. */
  shrinkInTime(): void {
    this.shrink().catch(() => {});
  }

  private pragma(name: string): number {
    return Number(Object.values(this.db.prepare(`PRAGMA ${name}`).get() ?? {})[0]);
  }

  close(): void {
    this.db.close();
  }
}
