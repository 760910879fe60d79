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
const NOT_TOLD_BETTER = `NOT (e.seq IS NULL AND EXISTS (
    SELECT 1 FROM events AS told
    WHERE told.attempt = e.attempt AND told.kind = e.kind AND told.step = e.step AND told.seq IS NOT NULL))`;
const VISIBLE = `FROM events AS e JOIN attempts ON attempts.id = e.attempt WHERE e.run = ? AND ${NOT_TOLD_BETTER}`;

/** By attempt, so that each is looked up by its steps. */
const WITHIN = `FROM attempts CROSS JOIN events AS e ON e.attempt = attempts.id AND e.kind = :kind AND e.step BETWEEN :from AND :to
  WHERE attempts.run = :run AND ${NOT_TOLD_BETTER}`;

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

/** Steps, and numbers of epochs. */
interface EpochRange {
  readonly from: number;
  readonly to: number;
  readonly least: number;
  readonly most: number;
}

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
      .sort(byTime)
      .map(asTold);
  }

  /**
   * What happened within the steps `from` to `to`, both included, oldest first, and the epochs that these are in. Where there are
   * more of a kind, `limit` stretches of steps have one each, of the first rank that has one there; epochs are thinned by their numbers.
   */
  within(run: number, from: number, to: number, limit: number): RunEvent[] {
    const window = { run, from, to };
    const all = this.db.prepare(`SELECT ${COLUMNS} ${WITHIN} LIMIT :enough`);
    // The other columns are those of the row that has the least.
    const first = this.db.prepare(
      `SELECT ${COLUMNS}, min(rank * 1e16 + e.step) AS least ${WITHIN} GROUP BY CAST((e.step - :from) / :stretch AS INTEGER)`,
    );
    const ofKind = (kind: EventKind) => {
      const rows = all.all({ ...window, kind, enough: limit + 1 });
      return rows.length <= limit ? rows : first.all({ ...window, kind, stretch: (to - from + 1) / limit });
    };
    return EVENT_KINDS.flatMap((kind) => (kind === "epoch" ? this.epochsWithin(run, from, to, limit) : ofKind(kind)))
      .sort(byTime)
      .map(asTold);
  }

  private epochs(run: number, limit: number): Row[] {
    const most = this.db
      .prepare(
        `SELECT max(json_extract(data, '$.epoch')) AS n FROM events
         WHERE run = ? AND kind = 'epoch' AND json_extract(data, '$.epoch') < 1e15`, // a text is greater than any number
      )
      .get(run)?.n;
    return typeof most === "number" ? this.numbered(run, { from: 0, to: Number.MAX_VALUE, least: 0, most }, limit) : [];
  }

  private epochsWithin(run: number, from: number, to: number, limit: number): Row[] {
    const nearest = (steps: string) =>
      `SELECT id FROM events WHERE attempt = attempts.id AND kind = 'epoch' AND step ${steps} LIMIT 1`;
    const range = this.db
      .prepare(
        `SELECT min(step) AS "from", max(step) AS "to", min(n) AS least, max(n) AS most FROM (
           SELECT step, json_extract(data, '$.epoch') AS n FROM attempts CROSS JOIN events ON events.id IN (
             (${nearest("<= :from ORDER BY step DESC")}), (${nearest("> :from ORDER BY step")}),
             (${nearest("< :to ORDER BY step DESC")}), (${nearest(">= :to ORDER BY step")}))
           WHERE attempts.run = :run) WHERE n < 1e15`,
      )
      .get({ run, from, to });
    return typeof range?.least === "number" ? this.numbered(run, range as unknown as EpochRange, limit) : [];
  }

  /** The epochs whose numbers are multiples of the smallest of 1, 2, 5, 10, … of which there are few enough. */
  private numbered(run: number, { from, to, least, most }: EpochRange, limit: number): Row[] {
    // CROSS JOIN, so that each number is looked up, instead of a number for each epoch.
    const multiples = this.db.prepare(
      `WITH RECURSIVE multiple (n) AS (SELECT :first UNION ALL SELECT n + :every FROM multiple WHERE n + :every <= :most)
       SELECT ${COLUMNS} FROM multiple
       CROSS JOIN events AS e ON e.run = :run AND kind = 'epoch' AND json_extract(data, '$.epoch') = n AND step BETWEEN :from AND :to
       JOIN attempts ON attempts.id = e.attempt LIMIT :enough`,
    );
    for (const every of roundNumbers()) {
      if ((most - least) / every >= limit) continue;
      const first = Math.ceil(least / every) * every;
      const rows = multiples.all({ first, every, most, run, from, to, enough: limit + 1 });
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

const byTime = (a: Row, b: Row): number => Number(a.time) - Number(b.time) || Number(a.id) - Number(b.id);

/** Series by the id that viewers know. */
const asTold = ({ rank, series, kind, step, time, message, data }: Row): RunEvent => ({
  ...({ kind, step, time, message } as unknown as RunEvent),
  series: series === null ? null : seriesKey(String(series), Number(rank)),
  data: JSON.parse(String(data)),
});

function* roundNumbers(): Generator<number> {
  for (let ten = 1; ; ten *= 10) yield* [ten, 2 * ten, 5 * ten];
}
