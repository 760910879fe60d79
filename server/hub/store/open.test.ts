import { existsSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, it } from "vitest";
import { end, frame, hello, ProbeClient, ViewerClient } from "../testing/clients.ts";
import { TestHub, temporaryFolder } from "../testing/test-hub.ts";
import { openStore, STORE_FILE } from "./open.ts";
import { SCHEMA_VERSION, schemaVersion } from "./schema.ts";

/** A folder with one finished run in its store. */
async function recorded(): Promise<string> {
  const hub = await TestHub.start();
  const { probe } = await ProbeClient.greet(hub.endpoint, hello());
  probe.send(frame(hello(), 0, [1, 2, 3], { norm_pre: [1, 2, 3] }));
  probe.send(end(1));
  await probe.acknowledged(2);
  await hub.stop();
  return hub.storage;
}

const runsIn = async (storage: string) => {
  const hub = await TestHub.start({ storage });
  const runs = await (await ViewerClient.connect(hub.endpoint)).runs();
  await hub.stop();
  return { hub, runs };
};

it("finds the runs of earlier sessions", async () => {
  const { runs } = await runsIn(await recorded());
  expect(runs).toMatchObject([{ id: "run-1", name: "train.py", status: "finished", steps: 3 }]);
});

it.each([
  ["is no database", (file: string) => writeFileSync(file, "not a database, but somebody's words ".repeat(100))],
  [
    "has a page overwritten",
    (file: string) => {
      const bytes = readFileSync(file);
      bytes.fill(0xa5, 4096, 5 * 4096);
      writeFileSync(file, bytes);
    },
  ],
  ["has lost its end", (file: string) => writeFileSync(file, readFileSync(file).subarray(0, 3 * 4096))],
])("sets a store aside that %s, and begins a new one", async (_, damage) => {
  const storage = await recorded();
  const file = join(storage, STORE_FILE);
  damage(file);
  const damaged = readFileSync(file);
  const { hub, runs } = await runsIn(storage);
  expect(runs).toEqual([]);
  const aside = readdirSync(storage).filter((name) => name.includes(".damaged-"));
  expect(aside.length).toBe(1);
  expect(readFileSync(join(storage, aside[0]!)).equals(damaged)).toBe(true);
  expect(hub.logs.all.some((line) => line.includes("damaged") && line.includes(aside[0]!))).toBe(true);
});

it("leaves the store of a newer version as it is, and keeps runs beside it", async () => {
  const storage = await recorded();
  const file = join(storage, STORE_FILE);
  const newer = new DatabaseSync(file);
  newer.exec(`PRAGMA user_version = ${SCHEMA_VERSION + 1}; PRAGMA wal_checkpoint(TRUNCATE)`);
  newer.close();
  const before = readFileSync(file);
  const { hub, runs } = await runsIn(storage);
  expect(runs).toEqual([]);
  expect(readFileSync(file).equals(before)).toBe(true);
  expect(hub.logs.all.some((line) => line.includes("newer version"))).toBe(true);
});

it("makes one store of what two hubs open at once, readable by its owner only", async () => {
  const storage = temporaryFolder();
  const hubs = await Promise.all([TestHub.start({ storage }), TestHub.start({ storage })]);
  expect(statSync(join(storage, STORE_FILE)).mode & 0o777).toBe(0o600);
  await Promise.all(hubs.map((hub) => hub.stop()));
  const db = await openStore(storage, () => {});
  expect(schemaVersion(db)).toBe(SCHEMA_VERSION);
  expect(db.prepare("PRAGMA journal_mode").get()).toEqual({ journal_mode: "wal" });
  db.close();
});

it.skipIf(!existsSync("/proc/version"))("says what to do about a store that nobody may change", async () => {
  const storage = temporaryFolder();
  symlinkSync("/proc/version", join(storage, STORE_FILE));
  await expect(openStore(storage, () => {})).rejects.toThrow(/can't be written to .*writable, then reload the window/);
});

it.skipIf(!existsSync("/sys/kernel"))("says what to do about a folder that nobody may make", async () => {
  await expect(TestHub.start({ storage: "/sys/gradsight" })).rejects.toThrow(
    /^\/sys\/gradsight.* can't be written to .*writable, then reload the window/,
  );
});

it("says what is wrong when the folder can't be used", async () => {
  const file = join(temporaryFolder(), "file");
  writeFileSync(file, "");
  await expect(TestHub.start({ storage: file })).rejects.toThrow(/EEXIST|ENOTDIR/);
});
