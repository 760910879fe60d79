import type { DatabaseSync } from "node:sqlite";
import type { RunSource } from "../../../protocol/exchange.ts";
import type { RunInfo } from "../../../protocol/telemetry.ts";

export interface StoredRun {
  readonly key: number;
  readonly id: string;
  readonly name: string;
  readonly info: RunInfo;
  /** Unix seconds of its first attempt. */
  readonly startedAt: number;
  readonly starred: boolean;
  readonly tags: readonly string[];
  readonly note: string;
  /** null: a probe told it. */
  readonly source: RunSource | null;
  /** Unix seconds of its import; null where it was not imported. */
  readonly addedAt: number | null;
}

interface Row {
  id: number;
  run: string;
  given_name: string | null;
  info: string;
  started_at: number;
  starred: number;
  tags: string;
  note: string;
  source: string | null;
  added_at: number | null;
}

export class Runs {
  private readonly db: DatabaseSync;

  constructor(db: DatabaseSync) {
    this.db = db;
  }

  /** Newest first. */
  list(): StoredRun[] {
    const rows = this.db.prepare("SELECT * FROM runs ORDER BY started_at DESC, id DESC").all();
    return (rows as unknown as Row[]).map(toRun);
  }

  find(id: string): StoredRun | null {
    const row = this.db.prepare("SELECT * FROM runs WHERE run = ?").get(id);
    return row ? toRun(row as unknown as Row) : null;
  }

  /** Adds the run, or takes over what rank 0 of a later attempt knows better (arguments, framework). Returns its key. */
  put(info: RunInfo, rank: number): number {
    const known = this.find(info.id);
    const json = JSON.stringify(info);
    if (!known) {
      const insert = this.db.prepare("INSERT INTO runs (run, info, started_at) VALUES (?, ?, ?)");
      return Number(insert.run(info.id, json, info.startedAt).lastInsertRowid);
    }
    if (rank === 0) this.db.prepare("UPDATE runs SET info = ? WHERE id = ?").run(json, known.key);
    return known.key;
  }

  rename(id: string, name: string): void {
    this.db.prepare("UPDATE runs SET given_name = ? WHERE run = ?").run(name, id);
  }

  star(id: string, starred: boolean): void {
    this.db.prepare("UPDATE runs SET starred = ? WHERE run = ?").run(Number(starred), id);
  }

  tag(id: string, tags: readonly string[]): void {
    this.db.prepare("UPDATE runs SET tags = ? WHERE run = ?").run(JSON.stringify(tags), id);
  }

  note(id: string, note: string): void {
    this.db.prepare("UPDATE runs SET note = ? WHERE run = ?").run(note, id);
  }

  /** Adds a run that a file tells of. One that was deleted may come again: this time the user asks for it. */
  putImported(info: RunInfo, source: RunSource, now: number): void {
    this.db.prepare("DELETE FROM deleted_runs WHERE run = ?").run(info.id);
    this.put(info, 0);
    this.db
      .prepare("UPDATE runs SET source = ?, added_at = coalesce(added_at, ?) WHERE run = ?")
      .run(JSON.stringify(source), now, info.id);
  }

  /** `later` takes over what the user said of `earlier`, which goes. */
  replace(earlier: string, later: string): void {
    this.db
      .prepare(
        `UPDATE runs SET (given_name, starred, tags, note) = (SELECT given_name, starred, tags, note FROM runs WHERE run = ?)
         WHERE run = ?`,
      )
      .run(earlier, later);
    this.forget(earlier);
  }

  /** As if it had never been here. */
  forget(id: string): void {
    this.db.prepare("DELETE FROM runs WHERE run = ?").run(id);
  }

  delete(id: string): void {
    this.forget(id);
    this.db.prepare("INSERT OR IGNORE INTO deleted_runs (run) VALUES (?)").run(id);
  }

  wasDeleted(id: string): boolean {
    return this.db.prepare("SELECT 1 FROM deleted_runs WHERE run = ?").get(id) !== undefined;
  }
}

/** Earlier versions didn't note whether names had told the columns. */
const sourceOf = (stored: Omit<RunSource, "told">): RunSource => ({ told: false, ...stored });

function toRun(row: Row): StoredRun {
  const info = JSON.parse(row.info) as RunInfo;
  return {
    key: row.id,
    id: row.run,
    name: row.given_name ?? info.name,
    info,
    startedAt: row.started_at,
    starred: row.starred === 1,
    tags: JSON.parse(row.tags) as string[],
    note: row.note,
    source: row.source === null ? null : sourceOf(JSON.parse(row.source)),
    addedAt: row.added_at,
  };
}
