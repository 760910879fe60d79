import type { DatabaseSync, SQLOutputValue, StatementSync } from "node:sqlite";

/** Raised when the same frames come to something else: what was kept before is then worked out anew. */
const MODEL_VERSION = 6;
/** Seconds after which a model that nobody has completed is left over from a hub that was killed. */
const ABANDONED_AFTER = 3600;
/** A larger state (of many ranks) is no milestone: there would be some ten of them. */
const MOST_MILESTONE_BYTES = 4 * 1024 * 1024;

export interface OpenModel {
  readonly key: number;
  /** Unix seconds: later once it was taken back to a milestone, and its blocks are others. */
  readonly begun: number;
}

export interface StoredModel extends OpenModel {
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
        "SELECT id AS key, begun, frame FROM models WHERE run = ? AND version = ? AND frame IS NOT NULL ORDER BY id DESC LIMIT 1",
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

  /** A model that is incomplete until its first `advance`. */
  begin(run: number): OpenModel {
    const now = Date.now() / 1000;
    this.db.prepare("DELETE FROM models WHERE run = ? AND frame IS NULL AND begun < ?").run(run, now - ABANDONED_AFTER);
    const insert = this.db.prepare("INSERT INTO models (run, version, begun) VALUES (?, ?, ?)");
    return { key: Number(insert.run(run, MODEL_VERSION, now).lastInsertRowid), begun: now };
  }

  /** It is incomplete until its next `advance`, as of this milestone. */
  reopen({ key, begun }: OpenModel, frames: number): OpenModel {
    const now = Math.max(Date.now() / 1000, begun + 0.001);
    this.db.prepare("UPDATE models SET frame = NULL, begun = ? WHERE id = ?").run(now, key);
    this.db.prepare("DELETE FROM milestones WHERE model = ? AND frames > ?").run(key, frames);
    return { key, begun: now };
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
    return partsOf(this.db.prepare("SELECT part, bytes FROM model_parts WHERE model = ? ORDER BY rowid").all(model));
  }

  /** The parts as they are now become a milestone; of those before, fewer stay the further back they are. */
  putMilestone(model: number, frames: number): void {
    const size = this.db.prepare("SELECT sum(length(bytes)) AS bytes FROM model_parts WHERE model = ?").get(model);
    if (Number(size?.bytes) > MOST_MILESTONE_BYTES) return;
    this.db
      .prepare(
        `INSERT OR REPLACE INTO milestones (model, frames, part, bytes)
         SELECT model, ?, part, bytes FROM model_parts WHERE model = ? ORDER BY rowid`,
      )
      .run(frames, model);
    const drop = this.db.prepare("DELETE FROM milestones WHERE model = ? AND frames = ?");
    for (const needless of needlessOf(this.milestones(model))) drop.run(model, needless);
  }

  /** How many frames were in each, newest first. */
  milestones(model: number): number[] {
    const rows = this.db
      .prepare("SELECT DISTINCT frames FROM milestones WHERE model = ? ORDER BY frames DESC")
      .all(model);
    return rows.map(({ frames }) => Number(frames));
  }

  milestone(model: number, frames: number): Map<string, Uint8Array> {
    const rows = this.db
      .prepare("SELECT part, bytes FROM milestones WHERE model = ? AND frames = ? ORDER BY rowid")
      .all(model, frames);
    return partsOf(rows);
  }
}

const partsOf = (rows: readonly Record<string, SQLOutputValue>[]): Map<string, Uint8Array> =>
  new Map(rows.map(({ part, bytes }) => [String(part), bytes as Uint8Array]));

/**
 * Those of the milestones, newest first, without which the one before any frame is still no more than twice as far from the newest
 * as the one after it is. As the run goes on that stays so, and what is left are twice as many as the run's length has doublings.
 */
function needlessOf(milestones: readonly number[]): number[] {
  const [newest = 0] = milestones;
  const needless: number[] = [];
  let after = milestones[0]!;
  for (const [i, milestone] of milestones.entries()) {
    const before = milestones[i + 1];
    if (i === 0 || before === undefined) continue;
    if (newest - before <= 2 * (newest - after)) needless.push(milestone);
    else after = milestone;
  }
  return needless;
}
