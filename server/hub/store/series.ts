import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { SeriesInfo } from "../../../protocol/telemetry.ts";

export interface StoredSeries {
  readonly attempt: number;
  readonly rank: number;
  readonly info: SeriesInfo;
  readonly steps: number;
  readonly lastStep: number;
}

/** What an attempt said about its series, and how far each has come. */
export class SeriesTable {
  private readonly db: DatabaseSync;
  private readonly progress: StatementSync;

  constructor(db: DatabaseSync) {
    this.db = db;
    this.progress = db.prepare(
      "UPDATE series SET steps = steps + ?, last_step = max(last_step, ?) WHERE attempt = ? AND series = ?",
    );
  }

  /** Layer tables never change, so those that were known stay known. */
  put(attempt: number, info: SeriesInfo): SeriesInfo {
    const known = this.db.prepare("SELECT info FROM series WHERE attempt = ? AND series = ?").get(attempt, info.id);
    const layers = known ? (JSON.parse(String(known.info)) as SeriesInfo).layers : {};
    const merged = { ...info, layers: { ...info.layers, ...layers } };
    this.db
      .prepare(
        "INSERT INTO series (attempt, series, info) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET info = excluded.info",
      )
      .run(attempt, info.id, JSON.stringify(merged));
    return merged;
  }

  /** Of a run, in the order of its attempts. */
  list(run: number): StoredSeries[] {
    const rows = this.db
      .prepare(
        `SELECT series.attempt, rank, info, steps, last_step AS lastStep FROM series JOIN attempts ON attempts.id = series.attempt
         WHERE run = ? ORDER BY series.attempt, series`,
      )
      .all(run);
    return rows.map((row) => ({ ...row, info: JSON.parse(String(row.info)) })) as StoredSeries[];
  }

  ofAttempt(attempt: number): { info: SeriesInfo; lastStep: number }[] {
    const rows = this.db.prepare("SELECT info, last_step AS lastStep FROM series WHERE attempt = ?").all(attempt);
    return rows.map((row) => ({ info: JSON.parse(String(row.info)), lastStep: Number(row.lastStep) }));
  }

  advance(attempt: number, series: string, steps: number, lastStep: number): void {
    this.progress.run(steps, lastStep, attempt, series);
  }

  /** Updates recorded per run: those of its longest series, over all attempts. */
  stepsByRun(): Map<number, number> {
    const rows = this.db
      .prepare(
        `SELECT run, max(steps) AS steps FROM
           (SELECT run, sum(steps) AS steps FROM series JOIN attempts ON attempts.id = series.attempt GROUP BY run, rank, series)
         GROUP BY run`,
      )
      .all();
    return new Map(rows.map((row) => [Number(row.run), Number(row.steps)]));
  }
}
