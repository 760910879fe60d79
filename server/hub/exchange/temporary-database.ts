import { type FileHandle, mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";

/** Larger than what is in memory of a system whose `/tmp` is. SQLite takes it, too. */
const LARGE = "/var/tmp";

/**
 * A database in a file that is gone with the process. Freeing a large file takes seconds, for which SQLite would hold up the thread
 * that closes a temporary database of its own; so the file is held beside SQLite, and let go of where nobody waits.
 */
export class TemporaryDatabase {
  /** In a transaction, which is never to end. */
  readonly db: DatabaseSync;
  private readonly folder: string;
  private readonly held: FileHandle;

  private constructor(db: DatabaseSync, folder: string, held: FileHandle) {
    this.db = db;
    this.folder = folder;
    this.held = held;
  }

  static async open(): Promise<TemporaryDatabase> {
    const { DatabaseSync } = await import("node:sqlite");
    const folder = await temporaryFolder();
    const file = join(folder, "import.sqlite");
    const held = await open(file, "w");
    // Lost with the process, as it should be: without a journal, which a defensive database insists on. Locked for good, since SQLite
    // won't lock a file that has no name any more.
    const db = new DatabaseSync(file, { defensive: false });
    db.exec(
      "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -32768; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE",
    );
    await remove(folder);
    return new TemporaryDatabase(db, folder, held);
  }

  /** The database is closed at once, and its space free when this resolves. */
  async close(): Promise<void> {
    this.db.close();
    await this.held.close();
    await remove(this.folder);
  }
}

async function temporaryFolder(): Promise<string> {
  const prefix = "gradsight-import-";
  const own = process.env.TMPDIR || process.platform === "win32";
  if (!own) {
    const folder = await mkdtemp(join(LARGE, prefix)).catch(() => null);
    if (folder !== null) return folder;
  }
  return mkdtemp(join(tmpdir(), prefix));
}

/** Windows doesn't take a file's name away while it is open. */
const remove = (folder: string): Promise<void> => rm(folder, { recursive: true, force: true }).catch(() => {});
