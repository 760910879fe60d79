import { readdirSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, it, vi } from "vitest";
import { temporaryFolder } from "../testing/test-hub.ts";
import { TemporaryDatabase } from "./temporary-database.ts";

/** Of this process, those that lie in a folder or did. */
const openFilesOf = (folder: string): string[] =>
  readdirSync("/proc/self/fd")
    .flatMap((fd) => {
      try {
        return readlinkSync(join("/proc/self/fd", fd));
      } catch {
        return []; // that of the listing itself
      }
    })
    .filter((file) => file.startsWith(folder));

it.skipIf(process.platform !== "linux")(
  "has no name, and is freed by whoever holds it last, not by SQLite",
  async () => {
    const folder = temporaryFolder();
    vi.stubEnv("TMPDIR", folder);
    const database = await TemporaryDatabase.open();
    vi.unstubAllEnvs();
    const { db } = database;
    db.exec("CREATE TABLE numbers (n INTEGER PRIMARY KEY, filling BLOB)");
    const insert = db.prepare("INSERT INTO numbers VALUES (?, zeroblob(100000))");
    // More than it has in memory.
    for (let n = 0; n < 500; n += 1) insert.run(n);
    expect(db.prepare("SELECT sum(n) AS sum FROM numbers WHERE length(filling) = 100000").get()).toEqual({
      sum: 124_750,
    });
    expect(readdirSync(folder)).toEqual([]);
    // Two of the same, and no journal.
    const open = openFilesOf(folder);
    expect([...new Set(open)]).toEqual([expect.stringMatching(/import\.sqlite \(deleted\)$/)]);
    expect(open).toHaveLength(2);
    await database.close();
    expect(openFilesOf(folder)).toEqual([]);
  },
);
