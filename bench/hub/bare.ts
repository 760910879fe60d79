import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/**
 * The least that storing the same bytes can take: one table, one transaction for each hundred frames. Milliseconds of this
 * process's processor time.
 */
export function bareInsert(folder: string, count: number, frameOf: (seq: number) => Uint8Array): number {
  const db = new DatabaseSync(join(folder, "bare.sqlite"));
  db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; DROP TABLE IF EXISTS frames");
  db.exec("CREATE TABLE frames (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL)");
  const insert = db.prepare("INSERT INTO frames (bytes) VALUES (?)");
  let taken = 0;
  for (let seq = 0; seq < count; seq += 100) {
    const frames = Array.from({ length: Math.min(100, count - seq) }, (_, i) => frameOf(seq + i));
    const before = process.cpuUsage();
    db.exec("BEGIN IMMEDIATE");
    for (const bytes of frames) insert.run(bytes);
    db.exec("COMMIT");
    const { user, system } = process.cpuUsage(before);
    taken += (user + system) / 1000;
  }
  db.close();
  return taken;
}
