/** Opens the store's file, or says why not; a file that can't be used is set aside and never written to. */
import { chmodSync, existsSync, mkdirSync, renameSync, rmSync, statfsSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import type { Log } from "../thread.ts";
import { migrate, SCHEMA_VERSION, schemaVersion } from "./schema.ts";
import { isDamage, troubleOf } from "./trouble.ts";

export const STORE_FILE = "runs.sqlite";
const PAGE_BYTES = 16 * 1024;
/** Above this size a full check at every start would be felt. */
const CHECKED_BYTES = 64 * 1024 * 1024;
/** Of the file beside a store in which damage was met: it is checked at the next start, however large. */
const SUSPECT = "-suspect";

/** Has the store checked when it is opened next. */
export function suspect(file: string): void {
  try {
    writeFileSync(`${file}${SUSPECT}`, "");
  } catch {
    // Where this can't be written, neither can the store, which is said anyway.
  }
}

/** @throws {Error} with a message for the user, when this editor's Node has no SQLite or the folder can't be written */
export async function openStore(storage: string, log: Log): Promise<DatabaseSync> {
  const sqlite = await import("node:sqlite").catch(() => {
    throw new Error(
      "Recording runs needs SQLite, which this editor's Node.js lacks. Update to VS Code 1.103 or newer; linting works without.",
    );
  });
  makeFolder(storage);
  const open = (file: string) => {
    const db = new sqlite.DatabaseSync(file);
    try {
      chmodSync(file, 0o600);
      prepare(db, storage, file);
      return db;
    } catch (error) {
      db.close();
      throw error;
    }
  };
  const file = join(storage, STORE_FILE);
  try {
    return open(file);
  } catch (error) {
    if (error instanceof NewerSchema) {
      // Left where it is: another window may be using it this very moment.
      const own = join(storage, `runs.v${SCHEMA_VERSION}.sqlite`);
      log(
        "alert",
        `${file} was written by a newer version of Gradsight. It is left as it is; runs are kept in ${own}.`,
      );
      return open(own);
    }
    if (!(error instanceof Corrupt || isDamage(error))) throw new Error(troubleOf(error, file), { cause: error });
    const aside = setAside(file);
    log(
      "alert",
      `${file} is damaged (${(error as Error).message}). It was set aside as ${aside}; a new store was begun.`,
    );
    return open(file);
  }
}

/** For its owner only. @throws {Error} with a message for the user */
export function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new Error(troubleOf(error, folder), { cause: error });
  }
}

class NewerSchema extends Error {}

function prepare(db: DatabaseSync, storage: string, file: string): void {
  db.exec("PRAGMA busy_timeout = 5000; PRAGMA foreign_keys = ON");
  if (schemaVersion(db) > SCHEMA_VERSION) throw new NewerSchema();
  const suspect = `${file}${SUSPECT}`;
  if (statSync(file).size <= CHECKED_BYTES || existsSync(suspect)) {
    const [verdict] = Object.values(db.prepare("PRAGMA quick_check(1)").get() ?? {});
    // Its first line says which database this is about.
    if (verdict !== "ok") throw new Corrupt(String(verdict).split("\n").at(-1));
    rmSync(suspect, { force: true });
  }
  // Must precede the first table. Frames and blocks fill many pages: a quarter of the time goes with fewer, larger ones.
  if (schemaVersion(db) === 0) db.exec(`PRAGMA page_size = ${PAGE_BYTES}; PRAGMA auto_vacuum = INCREMENTAL`);
  // WAL needs shared memory, which network file systems lack.
  db.exec(`PRAGMA journal_mode = ${isNetworkFolder(storage) ? "DELETE" : "WAL"}; PRAGMA synchronous = NORMAL`);
  migrate(db);
}

class Corrupt extends Error {}

const SIDE_FILES = ["", "-wal", "-shm", "-journal", SUSPECT];

function setAside(file: string): string {
  const aside = `${file}.damaged-${new Date().toISOString().replaceAll(":", "-")}`;
  for (const suffix of SIDE_FILES) if (existsSync(file + suffix)) renameSync(file + suffix, aside + suffix);
  return aside;
}

/** By the magic numbers of statfs(2) on Linux; elsewhere taken for local. */
function isNetworkFolder(folder: string): boolean {
  const NFS = 0x6969;
  const SMB = 0x517b;
  const CIFS = 0xff534d42;
  const SMB2 = 0xfe534d42;
  return process.platform === "linux" && [NFS, SMB, CIFS, SMB2].includes(statfsSync(folder).type >>> 0);
}
