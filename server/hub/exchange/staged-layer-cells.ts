import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { SeriesInfo } from "../../../protocol/telemetry.ts";
import type { Breath } from "../runs/breath.ts";
import type { Part } from "./log-format.ts";
import type { StagedLayers } from "./staged-layers.ts";
import type { StagedParts } from "./staged-log.ts";
import { UncountedAttempts } from "./uncounted-attempts.ts";

/** Sets of layers that one part may have: of more, those at steps that come later are left out. */
const MOST_TABLES = 64;
/** SQLite has no NaN, and takes it for null. */
const NAN = "NaN";

/** Norms of gradients that a log tells layer by layer, until those of a step are known to be all here. */
export class StagedLayerCells {
  private readonly db: DatabaseSync;
  private readonly parts: StagedParts;
  private readonly insert: StatementSync;
  private readonly find: StatementSync;
  private readonly attempts = new UncountedAttempts();
  /** In the order in which the log names them, which is the model's. */
  private readonly layers: string[] = [];
  private readonly places = new Map<string, number>();
  /** How often one was written: as many as there are, or more. */
  private writes = 0;
  private readonly tables = new Map<number, Map<string, readonly string[]>>();

  constructor(db: DatabaseSync, parts: StagedParts) {
    this.db = db;
    this.parts = parts;
    this.db.exec(
      "CREATE TABLE cells (part INTEGER, step INTEGER, layer INTEGER, norm ANY, PRIMARY KEY (part, step, layer)) STRICT, WITHOUT ROWID",
    );
    this.insert = this.db.prepare("INSERT OR REPLACE INTO cells VALUES (?, ?, ?, ?)");
    this.find = this.db.prepare("SELECT 1 FROM cells WHERE part = ? AND step = ? AND layer = ?");
  }

  /** Takes what a program that doesn't count its attempts has logged of one layer. */
  putUncounted(series: string, step: number, name: string, norm: number): void {
    let layer = this.places.get(name);
    if (layer === undefined) {
      layer = this.layers.push(name) - 1;
      this.places.set(name, layer);
    }
    const partOf = (attempt: number) => this.parts.keyOf({ rank: 0, attempt, series });
    const attempt = this.attempts.of(name, step, (of) => this.find.get(partOf(of), step, layer) !== undefined);
    this.writes += 1;
    this.insert.run(partOf(attempt), step, layer, Number.isNaN(norm) ? NAN : norm);
  }

  /** What was taken of a series from a step on is not to be kept. */
  forget(series: string, step: number): void {
    const voided = this.db.prepare("DELETE FROM cells WHERE part = ? AND step >= ?");
    for (const part of this.parts.list) if (part.series === series) voided.run(this.parts.keyOf(part), step);
    this.attempts.forget(step);
  }

  /** Makes samples of what was taken: a layer table for each set of layers that were logged at one step. `onProgress` is told the share, or less. */
  async settle(into: StagedLayers, breath: Breath, onProgress: (done: number) => void): Promise<void> {
    let settled = 0;
    for (const part of this.parts.list) {
      const key = this.parts.keyOf(part);
      const cells = this.db
        .prepare("SELECT step, layer, norm FROM cells WHERE part = ? ORDER BY step, layer")
        .iterate(key);
      let step = -1;
      let layers: number[] = [];
      let norms: number[] = [];
      const finish = () => {
        const table = layers.length > 0 ? this.tableOf(key, layers) : null;
        if (table !== null) into.put({ part, step, table, norms: Float32Array.from(norms), weights: null });
        layers = [];
        norms = [];
      };
      for (const cell of cells) {
        if (Number(cell.step) !== step) {
          finish();
          onProgress(settled / this.writes);
          await breath.taken();
        }
        settled += 1;
        step = Number(cell.step);
        layers.push(Number(cell.layer));
        norms.push(Number(cell.norm));
      }
      finish();
    }
  }

  /** The layer tables that `settle` has made for a part. */
  tablesOf(part: Part): SeriesInfo["layers"] {
    const tables = this.tables.get(this.parts.keyOf(part)) ?? new Map<string, readonly string[]>();
    return Object.fromEntries([...tables.values()].map((names, i) => [tableId(i), [...names]]));
  }

  /** null where there are too many already. */
  private tableOf(part: number, layers: readonly number[]): string | null {
    const tables = this.tables.get(part) ?? new Map<string, readonly string[]>();
    this.tables.set(part, tables);
    const key = layers.join(" ");
    if (!tables.has(key) && tables.size === MOST_TABLES) return null;
    if (!tables.has(key))
      tables.set(
        key,
        layers.map((layer) => this.layers[layer]!),
      );
    return tableId([...tables.keys()].indexOf(key));
  }
}

const tableId = (place: number): string => `layers-${place + 1}`;
