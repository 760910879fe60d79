import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { SeriesInfo } from "../../../protocol/telemetry.ts";
import type { Breath } from "../runs/breath.ts";
import type { Part } from "./log-format.ts";
import type { StagedLayers } from "./staged-layers.ts";
import type { StagedParts } from "./staged-log.ts";
import { UncountedAttempts } from "./uncounted-attempts.ts";

/** Sets of layers that one part may have: of more, those at steps that come later are left out. */
const MOST_TABLES = 64;
/** Cells that wait to be written together, so that a log which never leaves a step doesn't fill memory. */
const MOST_WAITING = 4096;

/** Cells of one step that were told one behind the other: mostly all that there are, which takes a row and not one a layer. */
interface Piece {
  readonly part: number;
  readonly step: number;
  readonly layers: number[];
  readonly norms: number[];
}

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
  /** Not written yet. */
  private piece: Piece | null = null;
  private pieces = 0;
  /** How often a cell was told: as many as there are, or more. */
  private told = 0;
  private readonly tables = new Map<number, Map<string, readonly string[]>>();

  constructor(db: DatabaseSync, parts: StagedParts) {
    this.db = db;
    this.parts = parts;
    this.db.exec(
      "CREATE TABLE cells (part INTEGER, step INTEGER, piece INTEGER, layers BLOB, norms BLOB, PRIMARY KEY (part, step, piece)) STRICT, WITHOUT ROWID",
    );
    this.insert = this.db.prepare("INSERT INTO cells VALUES (?, ?, ?, ?, ?)");
    this.find = this.db.prepare("SELECT layers FROM cells WHERE part = ? AND step = ?");
  }

  /** Takes what a program that doesn't count its attempts has logged of one layer. */
  putUncounted(series: string, step: number, name: string, norm: number): void {
    let layer = this.places.get(name);
    if (layer === undefined) {
      layer = this.layers.push(name) - 1;
      this.places.set(name, layer);
    }
    const partOf = (attempt: number) => this.parts.keyOf({ rank: 0, attempt, series });
    const attempt = this.attempts.of(name, step, (of) => this.has(partOf(of), step, layer));
    const { layers, norms } = this.pieceOf(partOf(attempt), step);
    this.told += 1;
    layers.push(layer);
    norms.push(norm);
  }

  private pieceOf(part: number, step: number): Piece {
    const { piece } = this;
    if (piece?.part === part && piece.step === step && piece.layers.length < MOST_WAITING) return piece;
    this.write();
    this.piece = { part, step, layers: [], norms: [] };
    return this.piece;
  }

  /** Before anything is asked of the table. */
  private write(): void {
    if (this.piece === null) return;
    const { part, step, layers, norms } = this.piece;
    this.insert.run(part, step, this.pieces, bytesOf(Uint32Array.from(layers)), bytesOf(Float32Array.from(norms)));
    this.pieces += 1;
    this.piece = null;
  }

  private has(part: number, step: number, layer: number): boolean {
    this.write();
    return this.find.all(part, step).some(({ layers }) => new Uint32Array(bufferOf(layers)).includes(layer));
  }

  /** What was taken of a series from a step on is not to be kept. */
  forget(series: string, step: number): void {
    this.write();
    const voided = this.db.prepare("DELETE FROM cells WHERE part = ? AND step >= ?");
    for (const part of this.parts.list) if (part.series === series) voided.run(this.parts.keyOf(part), step);
    this.attempts.forget(step);
  }

  /** Makes samples of what was taken: a layer table for each set of layers that were logged at one step. `onProgress` is told the share, or less. */
  async settle(into: StagedLayers, breath: Breath, onProgress: (done: number) => void): Promise<void> {
    this.write();
    let settled = 0;
    for (const part of this.parts.list) {
      const key = this.parts.keyOf(part);
      const pieces = this.db
        .prepare("SELECT step, layers, norms FROM cells WHERE part = ? ORDER BY step, piece")
        .iterate(key);
      let step = -1;
      let cells = new Map<number, number>();
      const finish = () => {
        const layers = [...cells.keys()].sort((a, b) => a - b);
        const table = layers.length > 0 ? this.tableOf(key, layers) : null;
        const norms = Float32Array.from(layers, (layer) => cells.get(layer)!);
        if (table !== null) into.put({ part, step, table, norms, weights: null });
        cells = new Map();
      };
      for (const piece of pieces) {
        if (Number(piece.step) !== step) {
          finish();
          onProgress(settled / this.told);
          await breath.taken();
        }
        step = Number(piece.step);
        const norms = new Float32Array(bufferOf(piece.norms));
        settled += norms.length;
        for (const [i, layer] of new Uint32Array(bufferOf(piece.layers)).entries()) cells.set(layer, norms[i]!);
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

const bytesOf = ({ buffer }: Uint32Array | Float32Array): Uint8Array => new Uint8Array(buffer);

/** A copy, because a cell's bytes need not lie where numbers of four bytes do. */
const bufferOf = (cell: unknown): ArrayBuffer => (cell as Uint8Array<ArrayBuffer>).slice().buffer;
