import type { DatabaseSync, SQLOutputValue } from "node:sqlite";
import { EVENT_KINDS, type EventKind, type RunEvent } from "../../../protocol/telemetry.ts";
import type { RunIncident } from "../../../protocol/viewer.ts";

/** A series as viewers know it: ranks share the names of their series. */
export const seriesKey = (series: string, rank: number): string => (rank === 0 ? series : `${series}@${rank}`);

/** An event that the hub found in the frames; running over them again gives the same, and it is kept once. */
export interface FoundEvent {
  readonly attempt: number;
  readonly event: RunEvent;
}

/** Up to where a series of an attempt was gone over. */
export interface FoundPlace {
  readonly attempt: number;
  readonly series: string;
  /** The last step of its frames, and the last one that is shown: the ones between wait for other ranks. */
  readonly told: number;
  readonly shown: number;
}

/** Of what the probe told and the hub found alike, the probe's, which knows more, counts. */
const VISIBLE = `FROM events AS e JOIN attempts ON attempts.id = e.attempt
  WHERE e.run = ? AND NOT (e.seq IS NULL AND EXISTS (
    SELECT 1 FROM events AS told
    WHERE told.attempt = e.attempt AND told.kind = e.kind AND told.step = e.step AND told.seq IS NOT NULL))`;

/** The first of a kind in each attempt; one that the probe told names the layer. */
const FIRST_INCIDENTS = ["nonfinite", "explosion"]
  .map(
    (kind) => `SELECT e.run, e.kind, e.step, e.time, e.message FROM attempts JOIN events AS e ON e.id = (
      SELECT id FROM events WHERE attempt = attempts.id AND kind = '${kind}' AND step IS NOT NULL
      ORDER BY step, seq IS NULL LIMIT 1)
      WHERE :run IS NULL OR attempts.run = :run`,
  )
  .join(" UNION ALL ");
type Row = Record<string, SQLOutputValue>;

const COLUMNS = "e.id, rank, series, kind, step, time, message, data";
const TOLD_KINDS = EVENT_KINDS.filter((kind) => kind !== "epoch");

export class Events {
  private readonly db: DatabaseSync;

  constructor(db: DatabaseSync) {
    this.db = db;
  }

  /** What the probe told. False if there is one of this seq already. */
  add(run: number, attempt: number, seq: number, event: RunEvent): boolean {
    return this.insert(run, attempt, seq, event);
  }

  has(attempt: number, seq: number): boolean {
    return this.countTold(attempt, seq, seq + 1) > 0;
  }

  /** How many of the seqs `from` ≤ seq < `to` are events. */
  countTold(attempt: number, from: number, to: number): number {
    const row = this.db
      .prepare("SELECT count(*) AS n FROM events WHERE attempt = ? AND seq >= ? AND seq < ?")
      .get(attempt, from, to);
    return Number(row?.n);
  }

  addFound(run: number, found: readonly FoundEvent[]): void {
    for (const { attempt, event } of found) this.insert(run, attempt, null, event);
  }

  /** After all that comes after these places was gone over anew. */
  replaceFound(run: number, found: readonly FoundEvent[], places: readonly FoundPlace[]): void {
    this.db
      .prepare(
        `DELETE FROM events WHERE run = :run AND seq IS NULL AND step > coalesce((
           SELECT iif(kind IN ('restart', 'gap'), place.value ->> 'told', place.value ->> 'shown') FROM json_each(:places) AS place
           WHERE place.value ->> 'attempt' = events.attempt AND place.value ->> 'series' = events.series), -1)`,
      )
      .run({ run, places: JSON.stringify(places) });
    this.addFound(run, found);
  }

  /** Of each kind, epochs aside, of which there may be as many as steps. */
  counts(run: number): Partial<Record<EventKind, number>> {
    const kinds = TOLD_KINDS.map((kind) => `'${kind}'`).join();
    const rows = this.db.prepare(`SELECT kind, count(*) AS n ${VISIBLE} AND kind IN (${kinds}) GROUP BY kind`).all(run);
    return Object.fromEntries(rows.map(({ kind, n }) => [kind, Number(n)]));
  }

  /** The latest of each of these kinds, oldest first; series by the id that viewers know. */
  latest(run: number, limit: number, kinds: readonly EventKind[] = EVENT_KINDS): RunEvent[] {
    const ofKind = this.db.prepare(`SELECT ${COLUMNS} ${VISIBLE} AND kind = ? ORDER BY time DESC, e.id DESC LIMIT ?`);
    return kinds
      .flatMap((kind) => (kind === "epoch" ? this.epochs(run, limit) : ofKind.all(run, kind, limit)))
      .sort((a, b) => Number(a.time) - Number(b.time) || Number(a.id) - Number(b.id))
      .map(({ id, rank, ...row }) => ({
        ...(row as unknown as RunEvent),
        series: row.series === null ? null : seriesKey(String(row.series), Number(rank)),
        data: JSON.parse(String(row.data)),
      }));
  }

  /** The epochs whose numbers are multiples of the smallest of 1, 2, 5, 10, … of which there are few enough. */
  private epochs(run: number, limit: number): Row[] {
    const most = this.db
      .prepare(
        `SELECT max(json_extract(data, '$.epoch')) AS n FROM events
         WHERE run = ? AND kind = 'epoch' AND json_extract(data, '$.epoch') < 1e15`, // a text is greater than any number
      )
      .get(run)?.n;
    if (typeof most !== "number") return [];
    // CROSS JOIN, so that each number is looked up, instead of a number for each epoch.
    const multiples = this.db.prepare(
      `WITH RECURSIVE multiple (n) AS (SELECT 0 UNION ALL SELECT n + :every FROM multiple WHERE n + :every <= :most)
       SELECT ${COLUMNS} FROM multiple
       CROSS JOIN events AS e ON e.run = :run AND kind = 'epoch' AND json_extract(data, '$.epoch') = n
       JOIN attempts ON attempts.id = e.attempt LIMIT :enough`,
    );
    for (const every of roundNumbers()) {
      if (most / every >= limit) continue;
      const rows = multiples.all({ every, most, run, enough: limit + 1 });
      if (rows.length <= limit || every > most) return rows.slice(0, limit);
    }
    return [];
  }

  /** The first of each run that had one, or of one run; by the run's key. */
  incidents(run: number | null = null): Map<number, RunIncident> {
    const rows = this.db.prepare(`${FIRST_INCIDENTS} ORDER BY time DESC`).all({ run });
    return new Map(rows.map(({ run, ...incident }) => [Number(run), incident as unknown as RunIncident]));
  }

  /**
   * What can't be found again in frames that are told anew: what the probe told, and the gaps, which show in what is missing. In
   * the order in which it came, at most `limit` after the one of this key.
   */
  lasting(run: number, key: number, limit: number): { key: number; attempt: number; event: RunEvent }[] {
    const rows = this.db
      .prepare(
        `SELECT e.id AS key, e.attempt, series, kind, step, time, message, data ${VISIBLE}
           AND (e.seq IS NOT NULL OR e.kind = 'gap') AND e.id > ? ORDER BY e.id LIMIT ?`,
      )
      .all(run, key, limit);
    return rows.map(({ key, attempt, data, ...event }) => ({
      key: Number(key),
      attempt: Number(attempt),
      event: { ...(event as unknown as RunEvent), data: JSON.parse(String(data)) },
    }));
  }

  private insert(run: number, attempt: number, seq: number | null, event: RunEvent): boolean {
    const { changes } = this.db
      .prepare(
        `INSERT OR IGNORE INTO events (run, attempt, seq, series, kind, step, time, message, data)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      )
      .run(
        run,
        attempt,
        seq,
        event.series,
        event.kind,
        event.step,
        event.time,
        event.message,
        JSON.stringify(event.data),
      );
    return Number(changes) > 0;
  }
}

function* roundNumbers(): Generator<number> {
  for (let ten = 1; ; ten *= 10) yield* [ten, 2 * ten, 5 * ten];
}
