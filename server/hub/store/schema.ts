/** The store's tables. A change is a new entry of MIGRATIONS, never an edit of an old one. */
import type { DatabaseSync } from "node:sqlite";

/** What each version adds to the one before it. */
export const MIGRATIONS: readonly string[] = [
  `
  -- AUTOINCREMENT: another hub may still hold the key of what was deleted, and must not take something new for it.
  CREATE TABLE runs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    run TEXT NOT NULL UNIQUE,
    given_name TEXT,                      -- by the user; null: the one in info
    info TEXT NOT NULL,                   -- RunInfo as JSON
    started_at REAL NOT NULL
  ) STRICT;

  -- A probe may outlive the deletion of its run; what it still sends must not bring the run back.
  CREATE TABLE deleted_runs (run TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;

  CREATE TABLE attempts (
    id INTEGER PRIMARY KEY AUTOINCREMENT, -- in the order in which they were first heard of
    run INTEGER NOT NULL REFERENCES runs(id) ON DELETE CASCADE,
    rank INTEGER NOT NULL,
    attempt TEXT NOT NULL,
    next_seq INTEGER NOT NULL DEFAULT 0,
    last_seen REAL NOT NULL,              -- Unix seconds of the last thing heard
    alive_at REAL NOT NULL,               -- Unix seconds at which its connection was last known to be open
    status TEXT,                          -- null until it ended
    error TEXT,
    exit_code REAL,
    UNIQUE (run, rank, attempt)
  ) STRICT;

  CREATE TABLE series (
    attempt INTEGER NOT NULL REFERENCES attempts(id) ON DELETE CASCADE,
    series TEXT NOT NULL,
    info TEXT NOT NULL,                   -- SeriesInfo as JSON
    steps INTEGER NOT NULL DEFAULT 0,
    last_step INTEGER NOT NULL DEFAULT -1,
    PRIMARY KEY (attempt, series)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE frames (
    id INTEGER PRIMARY KEY,               -- in the order of commits
    run INTEGER NOT NULL,
    attempt INTEGER NOT NULL REFERENCES attempts(id) ON DELETE CASCADE,
    seq INTEGER NOT NULL,
    series TEXT NOT NULL,
    first_step INTEGER,                   -- null: a frame without steps
    last_step INTEGER,
    bytes BLOB NOT NULL,                  -- the frame as it arrived
    UNIQUE (attempt, seq)
  ) STRICT;
  CREATE INDEX frames_of_run ON frames (run);

  CREATE TABLE events (
    id INTEGER PRIMARY KEY,
    run INTEGER NOT NULL,
    attempt INTEGER NOT NULL REFERENCES attempts(id) ON DELETE CASCADE,
    seq INTEGER,                          -- null: found by the hub
    series TEXT,
    kind TEXT NOT NULL,
    step INTEGER,
    time REAL NOT NULL,
    message TEXT NOT NULL,
    data TEXT NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX events_told ON events (attempt, seq) WHERE seq IS NOT NULL;
  CREATE UNIQUE INDEX events_found ON events (attempt, series, kind, step) WHERE seq IS NULL;
  CREATE INDEX events_at ON events (attempt, kind, step);
  CREATE INDEX events_of_run ON events (run, time);
  `,
  `
  ALTER TABLE attempts ADD COLUMN story TEXT; -- the latest Story as JSON; null where nothing went wrong
  `,
  `
  ALTER TABLE attempts ADD COLUMN world_size INTEGER NOT NULL DEFAULT 1;
  ALTER TABLE attempts ADD COLUMN ranks TEXT; -- the group of ranks that it was started in
  `,
  `
  -- What was worked out from the frames, and can be again (models.ts).
  CREATE TABLE models (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    run INTEGER NOT NULL REFERENCES runs(id) ON DELETE CASCADE,
    version INTEGER NOT NULL,             -- MODEL_VERSION of the hub that made it
    frame INTEGER,                        -- the newest frame that is in it; null: not complete yet
    begun REAL NOT NULL                   -- Unix seconds
  ) STRICT;
  CREATE INDEX models_of_run ON models (run);

  CREATE TABLE model_parts (
    model INTEGER NOT NULL REFERENCES models(id) ON DELETE CASCADE,
    part TEXT NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (model, part)
  ) STRICT;

  CREATE TABLE blocks (
    model INTEGER NOT NULL REFERENCES models(id) ON DELETE CASCADE,
    attempt INTEGER NOT NULL,
    series TEXT NOT NULL,
    level INTEGER NOT NULL,               -- 0: values; above: summaries of units of steps
    block INTEGER NOT NULL,               -- which stretch of steps, counted from step 0
    bytes BLOB NOT NULL,
    PRIMARY KEY (model, attempt, series, level, block)
  ) STRICT;
  `,
  `
  ALTER TABLE runs ADD COLUMN starred INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE runs ADD COLUMN tags TEXT NOT NULL DEFAULT '[]'; -- JSON
  ALTER TABLE runs ADD COLUMN note TEXT NOT NULL DEFAULT '';
  ALTER TABLE runs ADD COLUMN source TEXT;                     -- RunSource as JSON; null: a probe told it
  ALTER TABLE runs ADD COLUMN added_at REAL;                   -- Unix seconds of its import
  `,
  `
  -- Viewers get the latest of each kind, and every so many'th epoch.
  CREATE INDEX events_of_kind ON events (run, kind, time);
  CREATE INDEX epochs_of_run ON events (run, json_extract(data, '$.epoch')) WHERE kind = 'epoch';
  DROP INDEX events_of_run;
  `,
  `
  -- States that a model has come through, as model_parts has its last one: what turns up late has it gone on with from there.
  CREATE TABLE milestones (
    model INTEGER NOT NULL REFERENCES models(id) ON DELETE CASCADE,
    frames INTEGER NOT NULL,              -- how many were in it
    part TEXT NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (model, frames, part)
  ) STRICT;
  `,
];

export const SCHEMA_VERSION = MIGRATIONS.length;

export const schemaVersion = (db: DatabaseSync): number =>
  Number((db.prepare("PRAGMA user_version").get() as { user_version: number }).user_version);

/** Brings an older (or new) file up to date. Two hubs may open it at once: the version is read again under the lock. */
export function migrate(db: DatabaseSync): void {
  if (schemaVersion(db) >= SCHEMA_VERSION) return;
  db.exec("BEGIN IMMEDIATE");
  try {
    for (const migration of MIGRATIONS.slice(schemaVersion(db))) db.exec(migration);
    db.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`);
    db.exec("COMMIT");
  } catch (error) {
    db.exec("ROLLBACK");
    throw error;
  }
}
