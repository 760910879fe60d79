import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { EventRow } from "./log-format.ts";

export class StagedEvents {
  private readonly db: DatabaseSync;
  private readonly insert: StatementSync;

  constructor(db: DatabaseSync) {
    this.db = db;
    this.db.exec("CREATE TABLE events (id INTEGER PRIMARY KEY, entry TEXT) STRICT");
    this.insert = this.db.prepare("INSERT INTO events (entry) VALUES (?)");
  }

  put(entry: EventRow): void {
    this.insert.run(JSON.stringify(entry));
  }

  /** In the order in which they came: at most `limit` after the one of this key. */
  page(key: number, limit: number): { key: number; entry: EventRow }[] {
    return this.db
      .prepare("SELECT id, entry FROM events WHERE id > ? ORDER BY id LIMIT ?")
      .all(key, limit)
      .map(({ id, entry }) => ({ key: Number(id), entry: JSON.parse(String(entry)) as EventRow }));
  }
}
