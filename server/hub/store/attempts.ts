import type { DatabaseSync } from "node:sqlite";
import type { Of } from "../../../protocol/shape.ts";
import type { endStatus, ProbeMessage, Story } from "../../../protocol/telemetry.ts";

type Hello = Pick<Extract<ProbeMessage, { type: "hello" }>, "rank" | "attempt" | "worldSize" | "group">;

export interface StoredAttempt {
  readonly key: number;
  /** Key of its run. */
  readonly run: number;
  readonly rank: number;
  readonly worldSize: number;
  /** Ranks that were started together have the same. */
  readonly group: string | null;
  readonly nextSeq: number;
  readonly lastSeen: number;
  readonly aliveAt: number;
  readonly status: Of<typeof endStatus> | null;
  readonly error: string | null;
  readonly exitCode: number | null;
  readonly story: Story | null;
}

const COLUMNS = `id AS key, run, rank, world_size AS worldSize, ranks AS "group", next_seq AS nextSeq, last_seen AS lastSeen, alive_at AS aliveAt,
  status, error, exit_code AS exitCode, story`;

/** One process start of one rank of a run. */
export class Attempts {
  private readonly db: DatabaseSync;

  constructor(db: DatabaseSync) {
    this.db = db;
  }

  put(run: number, hello: Hello, now: number): StoredAttempt {
    const { rank, attempt, worldSize, group } = hello;
    this.db
      .prepare(
        `INSERT INTO attempts (run, rank, attempt, world_size, ranks, last_seen, alive_at) VALUES (?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT DO UPDATE SET last_seen = max(last_seen, excluded.last_seen), alive_at = max(alive_at, excluded.alive_at)`,
      )
      .run(run, rank, attempt, worldSize, group, now, now);
    const row = this.db
      .prepare(`SELECT ${COLUMNS} FROM attempts WHERE run = ? AND rank = ? AND attempt = ?`)
      .get(run, rank, attempt);
    return read(row);
  }

  /** Of one run, or of all; in the order in which they were first heard of. */
  list(run?: number): StoredAttempt[] {
    const rows =
      run === undefined
        ? this.db.prepare(`SELECT ${COLUMNS} FROM attempts ORDER BY id`).all()
        : this.db.prepare(`SELECT ${COLUMNS} FROM attempts WHERE run = ? ORDER BY id`).all(run);
    return rows.map(read);
  }

  exists(key: number): boolean {
    return this.db.prepare("SELECT 1 FROM attempts WHERE id = ?").get(key) !== undefined;
  }

  advance(key: number, nextSeq: number, now: number): void {
    this.db
      .prepare(
        "UPDATE attempts SET next_seq = max(next_seq, ?), last_seen = max(last_seen, ?), alive_at = max(alive_at, ?) WHERE id = ?",
      )
      .run(nextSeq, now, now, key);
  }

  end(key: number, { status, error, exitCode }: Extract<ProbeMessage, { type: "end" }>): void {
    this.db
      .prepare("UPDATE attempts SET status = ?, error = ?, exit_code = ? WHERE id = ?")
      .run(status, error, exitCode, key);
  }

  tell(key: number, story: Story): void {
    this.db.prepare("UPDATE attempts SET story = ? WHERE id = ?").run(JSON.stringify(story), key);
  }

  /** Unless it has told one. */
  tellFirst(key: number, story: Story): void {
    this.db.prepare("UPDATE attempts SET story = ? WHERE id = ? AND story IS NULL").run(JSON.stringify(story), key);
  }

  /** Notes that these are connected, for the other hubs and for after a crash of this one. */
  keepAlive(keys: Iterable<number>, now: number): void {
    const update = this.db.prepare("UPDATE attempts SET alive_at = max(alive_at, ?) WHERE id = ?");
    for (const key of keys) update.run(now, key);
  }
}

const read = (row: Record<string, unknown> | undefined): StoredAttempt =>
  ({ ...row, story: row?.story ? JSON.parse(String(row.story)) : null }) as unknown as StoredAttempt;
