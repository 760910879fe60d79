import type { DatabaseSync, StatementSync } from "node:sqlite";

/** Raised when the same frames come to something else: what was kept before is then worked out anew. */
const MODEL_VERSION = 2;
/** Seconds after which a model that nobody has completed is left over from a hub that was killed. */
const ABANDONED_AFTER = 3600;

export interface StoredModel {
  readonly key: number;
  /** Key of the newest frame that is in it. */
  readonly frame: number;
}

export interface BlockKey {
  readonly attempt: number;
  readonly series: string;
  readonly level: number;
  readonly index: number;
}

/**
 * What was worked out from a run's frames: the blocks of its pyramids, and the state from which the frames that came later go
 * on. All of it could be had from the frames again. Each hub that works a run out from its first frame has a model of its own;
 * the one that is completed last is the run's.
 */
export class Models {
  private readonly db: DatabaseSync;
  private readonly insertBlock: StatementSync;
  private readonly selectBlock: StatementSync;

  constructor(db: DatabaseSync) {
    this.db = db;
    this.insertBlock = db.prepare(
      "INSERT OR REPLACE INTO blocks (model, attempt, series, level, block, bytes) VALUES (?, ?, ?, ?, ?, ?)",
    );
    this.selectBlock = db.prepare(
      "SELECT bytes FROM blocks WHERE model = ? AND attempt = ? AND series = ? AND level = ? AND block = ?",
    );
  }

  /** The run's; null if it has none that this version understands. */
  ofRun(run: number): StoredModel | null {
    const row = this.db
      .prepare(
        "SELECT id AS key, frame FROM models WHERE run = ? AND version = ? AND frame IS NOT NULL ORDER BY id DESC LIMIT 1",
      )
      .get(run, MODEL_VERSION);
    return (row as unknown as StoredModel) ?? null;
  }

  /** Runs of which so many frames or more are in no model that this version understands, newest first. */
  behind(frames: number): number[] {
    const rows = this.db
      .prepare(
        `SELECT id FROM runs WHERE ? <= (SELECT count(*) FROM (SELECT 1 FROM frames WHERE frames.run = runs.id AND frames.id >
           coalesce((SELECT max(frame) FROM models WHERE models.run = runs.id AND version = ?), 0) LIMIT ?))
         ORDER BY started_at DESC, id DESC`,
      )
      .all(frames, MODEL_VERSION, frames);
    return rows.map(({ id }) => Number(id));
  }

  /** A model that is incomplete until its first `advance`. Returns its key. */
  begin(run: number): number {
    const now = Date.now() / 1000;
    this.db.prepare("DELETE FROM models WHERE run = ? AND frame IS NULL AND begun < ?").run(run, now - ABANDONED_AFTER);
    const insert = this.db.prepare("INSERT INTO models (run, version, begun) VALUES (?, ?, ?)");
    return Number(insert.run(run, MODEL_VERSION, now).lastInsertRowid);
  }

  /** It is the run's now, with all frames up to this one in it. */
  advance(run: number, model: number, frame: number): void {
    this.db.prepare("UPDATE models SET frame = ? WHERE id = ?").run(frame, model);
    this.db.prepare("DELETE FROM models WHERE run = ? AND id <> ? AND frame IS NOT NULL").run(run, model);
  }

  putBlock(model: number, { attempt, series, level, index }: BlockKey, bytes: Uint8Array): void {
    this.insertBlock.run(model, attempt, series, level, index, bytes);
  }

  block(model: number, { attempt, series, level, index }: BlockKey): Uint8Array | null {
    const row = this.selectBlock.get(model, attempt, series, level, index);
    return (row?.bytes as Uint8Array | undefined) ?? null;
  }

  putPart(model: number, part: string, bytes: Uint8Array): void {
    this.db.prepare("INSERT OR REPLACE INTO model_parts (model, part, bytes) VALUES (?, ?, ?)").run(model, part, bytes);
  }

  parts(model: number): Map<string, Uint8Array> {
    const rows = this.db.prepare("SELECT part, bytes FROM model_parts WHERE model = ? ORDER BY rowid").all(model);
    return new Map(rows.map(({ part, bytes }) => [String(part), bytes as Uint8Array]));
  }
}
