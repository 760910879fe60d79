import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Batch } from "../../../protocol/batch.ts";

export interface StoredFrame {
  readonly key: number;
  readonly attempt: number;
  readonly seq: number;
  readonly bytes: Uint8Array;
}

export class Frames {
  private readonly db: DatabaseSync;
  private readonly insert: StatementSync;

  constructor(db: DatabaseSync) {
    this.db = db;
    this.insert = db.prepare(
      `INSERT OR IGNORE INTO frames (run, attempt, seq, series, first_step, last_step, bytes)
       VALUES (?, ?, ?, ?, ?, ?, ?)`,
    );
  }

  /** False if there is one of this seq already. */
  add(run: number, attempt: number, { seq, series, steps }: Batch, bytes: Uint8Array): boolean {
    const { changes } = this.insert.run(run, attempt, seq, series, steps.at(0) ?? null, steps.at(-1) ?? null, bytes);
    return Number(changes) > 0;
  }

  has(attempt: number, seq: number): boolean {
    return this.db.prepare("SELECT 1 FROM frames WHERE attempt = ? AND seq = ?").get(attempt, seq) !== undefined;
  }

  /** The steps of a series right before and right after a seq; ±infinity where there are none. */
  stepsAround(attempt: number, series: string, seq: number): { before: number; after: number } {
    const before = this.db
      .prepare("SELECT max(last_step) AS step FROM frames WHERE attempt = ? AND series = ? AND seq < ?")
      .get(attempt, series, seq);
    const after = this.db
      .prepare("SELECT min(first_step) AS step FROM frames WHERE attempt = ? AND series = ? AND seq > ?")
      .get(attempt, series, seq);
    return { before: Number(before?.step ?? -Infinity), after: Number(after?.step ?? Infinity) };
  }

  /** Key of the run's newest frame; 0 if it has none. */
  newest(run: number): number {
    return Number(this.db.prepare("SELECT max(id) AS key FROM frames WHERE run = ?").get(run)?.key ?? 0);
  }

  /** How many a run has, none newer than `newest`. */
  count(run: number, newest: number): number {
    const row = this.db.prepare("SELECT count(*) AS n FROM frames WHERE run = ? AND id <= ?").get(run, newest);
    return Number(row?.n);
  }

  /** By attempt, the least seq of those that were committed after the one of this key. */
  firstSince(run: number, key: number): Map<number, number> {
    const rows = this.db
      .prepare("SELECT attempt, min(seq) AS seq FROM frames WHERE run = ? AND id > ? GROUP BY attempt")
      .all(run, key);
    return new Map(rows.map(({ attempt, seq }) => [Number(attempt), Number(seq)]));
  }

  /** One attempt's frames in the order of training: at most `limit` after `seq`, none newer than `newest`. */
  ofAttempt(attempt: number, seq: number, newest: number, limit: number): StoredFrame[] {
    const rows = this.db
      .prepare(
        `SELECT id AS key, attempt, seq, bytes FROM frames
         WHERE attempt = ? AND seq > ? AND id <= ? ORDER BY seq LIMIT ?`,
      )
      .all(attempt, seq, newest, limit);
    return rows as unknown as StoredFrame[];
  }

  /** A run's frames in the order of commits: at most `limit` after the one of this key. */
  since(run: number, key: number, limit: number): StoredFrame[] {
    const rows = this.db
      .prepare("SELECT id AS key, attempt, seq, bytes FROM frames WHERE run = ? AND id > ? ORDER BY id LIMIT ?")
      .all(run, key, limit);
    return rows as unknown as StoredFrame[];
  }
}
