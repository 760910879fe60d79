import type { DatabaseSync, StatementSync } from "node:sqlite";
import { SCALAR_NAMES, type Scalar } from "../../../protocol/scalars.ts";
import type { Breath } from "../runs/breath.ts";
import type { Part } from "./log-format.ts";
import type { StagedParts } from "./staged-log.ts";
import { UncountedAttempts } from "./uncounted-attempts.ts";

/** Steps of one part, each with what was logged of it, as columns. */
export interface Steps {
  readonly steps: Float64Array;
  /** Unix seconds; NaN where the log doesn't tell. */
  readonly times: Float64Array;
  readonly flags: Uint8Array;
  /** By scalar; undefined is not recorded. */
  readonly values: ReadonlyMap<Scalar, (number | undefined)[]>;
  /** Learning rates [steps, groups], row-major, where there are several parameter groups. */
  readonly rates: Float64Array | null;
}

/** Of these steps those from one place on up to another. */
export function stretchOf({ steps, times, flags, values, rates }: Steps, from: number, to: number): Steps {
  const groups = rates === null ? 0 : rates.length / steps.length;
  return {
    steps: steps.subarray(from, to),
    times: times.subarray(from, to),
    flags: flags.subarray(from, to),
    values: new Map(
      [...values]
        .map(([name, told]) => [name, told.slice(from, to)] as const)
        .filter(([, told]) => told.some((value) => value !== undefined)),
    ),
    rates: rates?.subarray(from * groups, to * groups) ?? null,
  };
}

/** What is told of a step. A log that tells one thing at a time mostly goes on with the same step, which is written once. */
interface Row {
  readonly part: number;
  readonly step: number;
  time: number | null;
  flags: number;
  rates: Float64Array | null;
  /** By the scalars' order, as SQLite takes them. */
  readonly cells: (number | string | null)[];
}

/** SQLite has no NaN, and takes it for null. */
const NAN = "NaN";
/** That are counted at once. */
const STRETCH = 10_000;

export class StagedSteps {
  private readonly db: DatabaseSync;
  private readonly insert: StatementSync;
  private readonly parts: StagedParts;
  private readonly attempts = new UncountedAttempts();
  /** The scalars that the log tells of. */
  private readonly told = new Set<Scalar>();
  private first = Number.POSITIVE_INFINITY;
  private last = Number.NEGATIVE_INFINITY;
  /** Not written yet. */
  private row: Row | null = null;
  /** How often a step was written: as many as there are, or more. */
  private writes = 0;

  constructor(db: DatabaseSync, parts: StagedParts) {
    this.db = db;
    this.parts = parts;
    const values = SCALAR_NAMES.map((name) => `${name} ANY`).join(", ");
    this.db.exec(
      `CREATE TABLE steps (part INTEGER, step INTEGER, time REAL, flags INTEGER, rates BLOB, ${values}, PRIMARY KEY (part, step)) STRICT, WITHOUT ROWID`,
    );
    const taken = ["time", "rates", ...SCALAR_NAMES]
      .map((name) => `${name} = coalesce(excluded.${name}, ${name})`)
      .join(", ");
    this.insert = this.db.prepare(
      `INSERT INTO steps VALUES (?, ?, ?, ?, ?${", ?".repeat(SCALAR_NAMES.length)})
       ON CONFLICT DO UPDATE SET flags = flags | excluded.flags, ${taken}`,
    );
  }

  /** Takes what was logged of a step of one part. The log says which attempt it is. */
  put(
    part: Part,
    step: number,
    time: number | null,
    values: Partial<Record<Scalar, number>>,
    { flags, rates }: { flags: number; rates?: Float64Array } = { flags: 0 },
  ): void {
    const row = this.rowOf(this.parts.keyOf(part), step);
    for (const [i, name] of SCALAR_NAMES.entries()) {
      const value = values[name];
      if (value === undefined) continue;
      this.told.add(name);
      row.cells[i] = Number.isNaN(value) ? NAN : value;
    }
    row.flags |= flags;
    row.rates = rates ?? row.rates;
    if (time === null) return;
    row.time = time;
    this.first = Math.min(this.first, time);
    this.last = Math.max(this.last, time);
  }

  private rowOf(part: number, step: number): Row {
    if (this.row?.part === part && this.row.step === step) return this.row;
    this.write();
    this.row = { part, step, time: null, flags: 0, rates: null, cells: SCALAR_NAMES.map(() => null) };
    return this.row;
  }

  /** Before anything is asked of the table. */
  private write(): void {
    if (this.row === null) return;
    const { part, step, time, flags, rates, cells } = this.row;
    this.insert.run(part, step, time, flags, rates && bytesOf(rates), ...cells);
    this.writes += 1;
    this.row = null;
  }

  /** Takes what was logged of a step by a program that doesn't count its attempts. */
  putUncounted(series: string, step: number, time: number | null, values: Partial<Record<Scalar, number>>): void {
    const byAttempt = new Map<number, Partial<Record<Scalar, number>>>();
    for (const [name, value] of Object.entries(values) as [Scalar, number][]) {
      const attempt = this.attempts.of(name, step, (of) => this.has({ rank: 0, attempt: of, series }, step, name));
      byAttempt.set(attempt, { ...byAttempt.get(attempt), [name]: value });
    }
    for (const [attempt, told] of byAttempt) this.put({ rank: 0, attempt, series }, step, time, told);
  }

  /** What was taken of a series from a step on is not to be kept. */
  forget(series: string, step: number): void {
    this.write();
    const voided = this.db.prepare("DELETE FROM steps WHERE part = ? AND step >= ?");
    for (const part of this.parts.list) if (part.series === series) voided.run(this.parts.keyOf(part), step);
    this.attempts.forget(step);
  }

  /** How many there are. SQLite has to go through all of them. `onProgress` is told the share that was, or less. */
  async count(breath: Breath, onProgress: (done: number) => void): Promise<number> {
    this.write();
    const stretch = this.db.prepare(
      "SELECT count(*) AS n, max(step) AS last FROM (SELECT step FROM steps WHERE part = ? AND step > ? ORDER BY step LIMIT ?)",
    );
    let count = 0;
    for (const part of this.parts.list)
      for (let after = -1, n = STRETCH; n === STRETCH; ) {
        const counted = stretch.get(this.parts.keyOf(part), after, STRETCH);
        n = Number(counted?.n);
        after = Number(counted?.last);
        count += n;
        onProgress(count / Math.max(1, this.writes));
        await breath.taken();
      }
    return count;
  }

  /** The earliest and the latest time; null where the log tells none. */
  get times(): { first: number; last: number } | null {
    return this.first <= this.last ? { first: this.first, last: this.last } : null;
  }

  /**
   * A part's steps after this one in order, at most `limit` of them, all of as many parameter groups. `isLast`: none comes after
   * them.
   */
  page(part: Part, after: number, limit: number): Steps & { isLast: boolean } {
    this.write();
    const found = this.db
      .prepare(
        `SELECT ${["step", "time", "flags", "rates", ...this.told].join(", ")} FROM steps WHERE part = ? AND step > ? ORDER BY step LIMIT ?`,
      )
      .all(this.parts.keyOf(part), after, limit);
    const width = (row: (typeof found)[number] | undefined) =>
      (row?.rates as Uint8Array | null | undefined)?.byteLength;
    const other = found.findIndex((row) => width(row) !== width(found[0]));
    const rows = other < 0 ? found : found.slice(0, other);
    const values = new Map<Scalar, (number | undefined)[]>();
    for (const name of this.told)
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
      rates: width(rows[0]) ? ratesOf(rows.map(({ rates }) => rates as Uint8Array)) : null,
      isLast: other < 0 && found.length < limit,
    };
  }

  holdsAny(part: Part): boolean {
    this.write();
    return this.db.prepare("SELECT 1 FROM steps WHERE part = ? LIMIT 1").get(this.parts.keyOf(part)) !== undefined;
  }

  private has(part: Part, step: number, name: Scalar): boolean {
    this.write();
    const row = this.db.prepare(`SELECT ${name} AS told FROM steps WHERE part = ? AND step = ?`);
    return (row.get(this.parts.keyOf(part), step)?.told ?? null) !== null;
  }
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Float64Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

const ratesOf = (rows: readonly Uint8Array[]): Float64Array => {
  const bytes = Buffer.concat(rows);
  return new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
};
