import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { Commits } from "../probe/commits.ts";
import { Ingest } from "../probe/ingest.ts";
import { frame, hello } from "../testing/clients.ts";
import { temporaryFolder } from "../testing/test-hub.ts";
import { openStore, STORE_FILE } from "./open.ts";
import { Store } from "./store.ts";

async function opened(storage = temporaryFolder()) {
  const said: string[] = [];
  const log = (level: string, message: string) => said.push(`${level}: ${message}`);
  const db = await openStore(storage, log);
  onTestFinished(() => {
    if (db.isOpen) db.close();
  });
  const store = new Store(db);
  const commits = new Commits(store, { committed() {}, deleted() {}, failed() {} }, log);
  const ingest = new Ingest(store, commits);
  /** What a probe tells that has come (again). */
  const tell = () => {
    const attempt = ingest.open(hello());
    const steps = Array.from({ length: 20_000 }, (_, i) => attempt.next * 20_000 + i);
    ingest.frame(attempt, frame(hello(), attempt.next, steps, { norm_pre: steps }));
    commits.flush();
  };
  return { storage, db, store, said, tell };
}

it("tells the user once that the disk is full and what to do, and again when it is full anew", async () => {
  const { db, said, tell } = await opened();
  db.exec("PRAGMA max_page_count = 60");
  tell();
  tell();
  expect(said.map((line) => line.split(":")[0])).toEqual(["alert", "error"]);
  expect(said[0]).toMatch(/disk of .*runs\.sqlite is full\. Free some space, or delete runs/);
  db.exec("PRAGMA max_page_count = 1000000");
  tell();
  db.exec("PRAGMA max_page_count = 1");
  for (let i = 0; said.length < 3 && i < 100; i += 1) tell();
  expect(said[2]).toMatch(/^alert/);
});

it("has a store in which damage was met checked at the next start, however large it is", async () => {
  const { storage, db, store } = await opened();
  const file = join(storage, STORE_FILE);
  store.transaction(() => {
    store.runs.put(hello().run, 0);
    store.runs.note("run-1", "x".repeat(70_000_000));
  });
  db.close();
  const bytes = readFileSync(file);
  bytes.fill(0xa5, 40_000_000, 40_100_000);
  writeFileSync(file, bytes);
  const damaged = await opened(storage);
  expect(damaged.said).toEqual([]);
  let met: unknown = null;
  try {
    damaged.store.runs.list();
  } catch (error) {
    met = error;
  }
  expect(damaged.store.trouble(met)).toMatch(/runs\.sqlite is damaged .* Reload the window/);
  damaged.db.close();
  const { said, store: begun } = await opened(storage);
  expect(said).toEqual([expect.stringMatching(/^alert: .* is damaged .* set aside as .*\.damaged-/)]);
  expect(begun.runs.list()).toEqual([]);
  expect(readdirSync(storage).filter((name) => name.endsWith("-suspect") && !name.includes("damaged"))).toEqual([]);
});
