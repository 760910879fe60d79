/**
 * The steps of a log on their way into the store. A log may tell one step's values far apart, in any order, and more of
 * them than memory holds: a database of its own, in a temporary file once it is large, brings them together.
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { SCALAR_NAMES, type Scalar } from "../../../protocol/scalars.ts";
import type { Part } from "./log-format.ts";

/** Steps of one part, each with what was logged of it, as columns. */
export interface Steps {
  readonly steps: Float64Array;
  /** Unix seconds; NaN where the log doesn't tell. */
  readonly times: Float64Array;
  readonly flags: Uint8Array;
  /** By scalar; undefined is not recorded. */
  readonly values: ReadonlyMap<Scalar, (number | undefined)[]>;
}

/** SQLite has no NaN, and takes it for null. */
const NAN = "NaN";
const COLUMNS = SCALAR_NAMES.join(", ");

export class StagedSteps {
  private readonly db: DatabaseSync;
  private readonly insert: StatementSync;
  private readonly parts = new Map<string, { key: number; part: Part }>();
  /** How far each scalar has come: its attempt, and the last step. */
  private readonly reached = new Map<string, { attempt: number; step: number }>();

  static async open(): Promise<StagedSteps> {
    const { DatabaseSync } = await import("node:sqlite");
    return new StagedSteps(new DatabaseSync(""));
  }

  private constructor(db: DatabaseSync) {
    this.db = db;
    // Lost with the process, as it should be.
    this.db.exec("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -32768");
    const values = SCALAR_NAMES.map((name) => `${name} ANY`).join(", ");
    this.db.exec(
      `CREATE TABLE steps (part INTEGER, step INTEGER, time REAL, flags INTEGER, ${values}, PRIMARY KEY (part, step)) STRICT, WITHOUT ROWID`,
    );
    const taken = ["time", ...SCALAR_NAMES].map((name) => `${name} = coalesce(excluded.${name}, ${name})`).join(", ");
    this.insert = this.db.prepare(
      `INSERT INTO steps VALUES (?, ?, ?, ?${", ?".repeat(SCALAR_NAMES.length)})
       ON CONFLICT DO UPDATE SET flags = flags | excluded.flags, ${taken}`,
    );
    this.db.exec("BEGIN");
  }

  /** Takes what was logged of a step of one part. The log says which attempt it is. */
  put(part: Part, step: number, time: number | null, flags: number, values: Partial<Record<Scalar, number>>): void {
    const cells = SCALAR_NAMES.map((name) => {
      const value = values[name];
      return value === undefined ? null : Number.isNaN(value) ? NAN : value;
    });
    this.insert.run(this.keyOf(part), step, time, flags, ...cells);
  }

  /**
   * Takes what was logged of a step by a program that doesn't count its attempts: a scalar that comes once more to a step
   * that lies behind it and that it has told already is that of a training which was started again.
   */
  putUncounted(series: string, step: number, time: number | null, values: Partial<Record<Scalar, number>>): void {
    const byAttempt = new Map<number, Partial<Record<Scalar, number>>>();
    for (const [name, value] of Object.entries(values) as [Scalar, number][]) {
      const before = this.reached.get(name);
      let attempt = before?.attempt ?? 0;
      if (before && step < before.step && this.has({ rank: 0, attempt, series }, step, name)) attempt += 1;
      this.reached.set(name, { attempt, step });
      byAttempt.set(attempt, { ...byAttempt.get(attempt), [name]: value });
    }
    for (const [attempt, told] of byAttempt) this.put({ rank: 0, attempt, series }, step, time, 0, told);
  }

  /** What was taken of a series from a step on is not to be kept. */
  forget(series: string, step: number): void {
    for (const { key, part } of this.parts.values())
      if (part.series === series) this.db.prepare("DELETE FROM steps WHERE part = ? AND step >= ?").run(key, step);
    for (const [name, { attempt, step: reached }] of this.reached)
      this.reached.set(name, { attempt, step: Math.min(reached, step - 1) });
  }

  /** In the order of attempts, ranks and series. */
  get partsInOrder(): Part[] {
    return [...this.parts.values()]
      .filter(({ key }) => this.holdsAny(key))
      .map(({ part }) => part)
      .sort((a, b) => a.attempt - b.attempt || a.rank - b.rank || (a.series < b.series ? -1 : 1));
  }

  get count(): number {
    return Number(this.db.prepare("SELECT count(*) AS n FROM steps").get()?.n);
  }

  /** The earliest and the latest time; null where the log tells none. */
  get times(): { first: number; last: number } | null {
    const { first, last } = this.db.prepare("SELECT min(time) AS first, max(time) AS last FROM steps").get() ?? {};
    return typeof first === "number" && typeof last === "number" ? { first, last } : null;
  }

  /** A part's steps in order, at most `limit` after `step`. */
  page(part: Part, step: number, limit: number): Steps {
    const rows = this.db
      .prepare(`SELECT step, time, flags, ${COLUMNS} FROM steps WHERE part = ? AND step > ? ORDER BY step LIMIT ?`)
      .all(this.keyOf(part), step, limit);
    const values = new Map<Scalar, (number | undefined)[]>();
    for (const name of SCALAR_NAMES)
      if (rows.some((row) => row[name] !== null))
        values.set(
          name,
          rows.map((row) => (row[name] === null ? undefined : Number(row[name]))),
        );
    return {
      steps: Float64Array.from(rows, (row) => Number(row.step)),
      times: Float64Array.from(rows, ({ time }) => (time === null ? Number.NaN : Number(time))),
      flags: Uint8Array.from(rows, (row) => Number(row.flags)),
      values,
    };
  }

  close(): void {
    this.db.close();
  }

  private holdsAny(key: number): boolean {
    return this.db.prepare("SELECT 1 FROM steps WHERE part = ? LIMIT 1").get(key) !== undefined;
  }

  private has(part: Part, step: number, name: Scalar): boolean {
    const row = this.db.prepare(`SELECT ${name} AS told FROM steps WHERE part = ? AND step = ?`);
    return (row.get(this.keyOf(part), step)?.told ?? null) !== null;
  }

  private keyOf(part: Part): number {
    const name = JSON.stringify([part.rank, part.attempt, part.series]);
    let known = this.parts.get(name);
    if (!known) {
      known = { key: this.parts.size, part };
      this.parts.set(name, known);
    }
    return known.key;
  }
}
