import type { DatabaseSync, StatementSync } from "node:sqlite";
import { type Batch, readBatch } from "../../../protocol/batch.ts";
import { decodeFrame } from "../../../protocol/frame.ts";
import { RecentBatches } from "./recent-batches.ts";

export interface StoredFrame {
  readonly key: number;
  readonly attempt: number;
  readonly seq: number;
  /** null where the row is damaged: it then shows as a gap. */
  readonly batch: Batch | null;
}

export class Frames {
  private readonly db: DatabaseSync;
  private readonly insert: StatementSync;
  private readonly selectSince: StatementSync;
  private readonly selectBytes: StatementSync;
  private readonly recent = new RecentBatches();

  constructor(db: DatabaseSync) {
    this.db = db;
    this.insert = db.prepare(
      `INSERT OR IGNORE INTO frames (run, attempt, seq, series, first_step, last_step, bytes)
       VALUES (?, ?, ?, ?, ?, ?, ?)`,
    );
    this.selectSince = db.prepare(
      "SELECT id AS key, attempt, seq FROM frames WHERE run = ? AND id > ? ORDER BY id LIMIT ?",
    );
    this.selectBytes = db.prepare("SELECT bytes FROM frames WHERE id = ?");
  }

  /** False if there is one of this seq already. `bytes`: the frame that `batch` was read from. */
  add(run: number, attempt: number, batch: Batch, bytes: Uint8Array): boolean {
    const { seq, series, steps } = batch;
    const { changes, lastInsertRowid } = this.insert.run(
      run,
      attempt,
      seq,
      series,
      steps.at(0) ?? null,
      steps.at(-1) ?? null,
      bytes,
    );
    if (Number(changes) === 0) return false;
    this.recent.put(Number(lastInsertRowid), batch, bytes.byteLength);
    return true;
  }

  /** What was added since the last commit is not stored. */
  rolledBack(): void {
    this.recent.clear();
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
    return rows.map(({ key, attempt, seq, bytes }) => ({
      key: Number(key),
      attempt: Number(attempt),
      seq: Number(seq),
      batch: read(bytes as Uint8Array),
    }));
  }

  /** A run's frames in the order of commits: at most `limit` after the one of this key. */
  since(run: number, key: number, limit: number): StoredFrame[] {
    const rows = this.selectSince.all(run, key, limit) as unknown as Omit<StoredFrame, "batch">[];
    return rows.map((row) => ({ ...row, batch: this.recent.take(row.key) ?? this.stored(row.key) }));
  }

  private stored(key: number): Batch | null {
    return read(this.selectBytes.get(key)?.bytes as Uint8Array);
  }
}

function read(bytes: Uint8Array): Batch | null {
  try {
    return readBatch(decodeFrame(bytes));
  } catch {
    return null;
  }
}
