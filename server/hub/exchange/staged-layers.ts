import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { LayerRow, Part } from "./log-format.ts";
import type { StagedParts } from "./staged-log.ts";

export class StagedLayers {
  private readonly db: DatabaseSync;
  private readonly parts: StagedParts;
  private readonly insert: StatementSync;

  constructor(db: DatabaseSync, parts: StagedParts) {
    this.db = db;
    this.parts = parts;
    this.db.exec(
      "CREATE TABLE layers (part INTEGER, step INTEGER, tab TEXT, norms BLOB, weights BLOB, PRIMARY KEY (part, step)) STRICT",
    );
    this.insert = this.db.prepare(
      `INSERT INTO layers VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
         norms = coalesce(excluded.norms, iif(tab = excluded.tab, norms, NULL)),
         weights = coalesce(excluded.weights, iif(tab = excluded.tab, weights, NULL)), tab = excluded.tab`,
    );
  }

  /** Norms and weights of a step may come apart; of two tables at one step the later counts. */
  put({ part, step, table, norms, weights }: LayerRow): void {
    this.insert.run(this.parts.keyOf(part), step, table, norms && bytesOf(norms), weights && bytesOf(weights));
  }

  /**
   * A part's samples at steps `after` < step ≤ `to`, in order: at most `limit` values, but one sample in any case, all of one
   * table. `next`: the step of the first that is left out; null where none is.
   */
  page(part: Part, after: number, to: number, limit: number): { rows: LayerRow[]; next: number | null } {
    const cells = this.db
      .prepare("SELECT step, tab, norms, weights FROM layers WHERE part = ? AND step > ? AND step <= ? ORDER BY step")
      .iterate(this.parts.keyOf(part), after, to);
    const rows: LayerRow[] = [];
    let values = 0;
    for (const { step, tab, norms, weights } of cells) {
      const row = { part, step: Number(step), table: String(tab), norms: valuesOf(norms), weights: valuesOf(weights) };
      values += (row.norms?.length ?? 0) + (row.weights?.length ?? 0);
      if (rows.length > 0 && (values > limit || row.table !== rows[0]!.table)) return { rows, next: row.step };
      rows.push(row);
    }
    return { rows, next: null };
  }

  holdsAny(part: Part): boolean {
    return this.db.prepare("SELECT 1 FROM layers WHERE part = ? LIMIT 1").get(this.parts.keyOf(part)) !== undefined;
  }
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

/** A copy, because a cell's bytes need not lie where floats do. */
const valuesOf = (cell: unknown): Float32Array | null =>
  cell instanceof Uint8Array ? new Float32Array(cell.slice().buffer) : null;
