import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, it } from "vitest";
import { frame, hello, ViewerClient } from "../testing/clients.ts";
import { TestHub, temporaryFolder } from "../testing/test-hub.ts";
import { STORE_FILE } from "./open.ts";
import { MIGRATIONS, SCHEMA_VERSION, schemaVersion } from "./schema.ts";

/** A store as this version left it, with a run that failed, a named one that is not over, and one that was deleted. */
function storeOf(version: number): string {
  const folder = temporaryFolder();
  const db = new DatabaseSync(join(folder, STORE_FILE));
  for (const migration of MIGRATIONS.slice(0, version)) db.exec(migration);
  db.exec(`PRAGMA user_version = ${version}`);
  const attempt = db.prepare(
    `INSERT INTO attempts (run, rank, attempt, next_seq, last_seen, alive_at, status, error, exit_code)
     VALUES (?, 0, ?, ?, 1790000100, 1790000100, ?, ?, ?)`,
  );
  const series = db.prepare(
    "INSERT INTO series (attempt, series, info, steps, last_step) VALUES (?, 'adamw', ?, ?, ?)",
  );
  const frames = db.prepare(
    "INSERT INTO frames (run, attempt, seq, series, first_step, last_step, bytes) VALUES (?, ?, ?, 'adamw', ?, ?, ?)",
  );
  for (const [i, name] of [null, "lr 0.1"].entries()) {
    const greeting = hello({ id: `run-${i}` });
    const run = db.prepare("INSERT INTO runs (run, given_name, info, started_at) VALUES (?, ?, ?, ?)");
    const key = run.run(greeting.run.id, name, JSON.stringify(greeting.run), greeting.run.startedAt).lastInsertRowid;
    const ended = i === 0 ? (["failed", "ValueError", 1] as const) : ([null, null, null] as const);
    const of = attempt.run(key, greeting.attempt, 4, ...ended).lastInsertRowid;
    series.run(of, JSON.stringify({ ...greeting.series[0]!, layers: {} }), 30, 39);
    for (const seq of [0, 1, 2]) {
      const steps = Array.from({ length: 10 }, (_, step) => 10 + seq * 10 + step);
      const bytes = frame(greeting, seq, steps, { norm_pre: steps });
      frames.run(key, of, seq, steps[0]!, steps.at(-1)!, bytes);
    }
    db.prepare(
      `INSERT INTO events (run, attempt, seq, series, kind, step, time, message, data)
       VALUES (?, ?, 3, NULL, 'note', NULL, 1790000050, 'a note', '{}')`,
    ).run(key, of);
  }
  db.exec("INSERT INTO deleted_runs VALUES ('run-9')");
  db.close();
  return folder;
}

it.each(Array.from({ length: SCHEMA_VERSION }, (_, i) => i + 1))(
  "has all that a store of version %i had",
  async (version) => {
    const storage = storeOf(version);
    const hub = await TestHub.start({ storage });
    const viewer = await ViewerClient.connect(hub.endpoint);
    expect(hub.logs.all.filter((line) => line.includes("damaged"))).toEqual([]);
    const runs = await viewer.runs();
    expect(runs.map(({ id, name, status, steps }) => [id, name, status, steps]).sort()).toEqual([
      ["run-0", "train.py", "failed", 30],
      ["run-1", "lr 0.1", "lost", 30],
    ]);
    for (const { id } of runs) {
      const run = await viewer.subscribe(id);
      expect(run).toMatchObject({
        error: id === "run-0" ? "ValueError" : null,
        attempts: 1,
        worldSize: 1,
        story: null,
        events: [{ kind: "note", message: "a note" }],
      });
      expect(run.series[0]).toMatchObject({ steps: 30, firstStep: 10, lastStep: 39, latest: { norm_pre: 39 } });
      expect((await viewer.tile({ run: id, buckets: 3 }))["norm_pre.max"]).toEqual([15, 31, 39]);
    }
    await hub.stop();
    const db = new DatabaseSync(join(storage, STORE_FILE));
    expect(schemaVersion(db)).toBe(SCHEMA_VERSION);
    expect(db.prepare("SELECT run FROM deleted_runs").all()).toEqual([{ run: "run-9" }]);
    expect(db.prepare("PRAGMA foreign_key_check").all()).toEqual([]);
    db.close();
  },
);
