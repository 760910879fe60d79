/**
 * A log on its way into the store. It may tell one step's values far apart, in any order, and more of them than memory holds:
 * a database of its own, in a temporary file once it is large, brings them together.
 */
import type { DatabaseSync } from "node:sqlite";
import type { Part } from "./log-format.ts";
import { StagedEvents } from "./staged-events.ts";
import { StagedLayerCells } from "./staged-layer-cells.ts";
import { StagedLayers } from "./staged-layers.ts";
import { StagedSteps } from "./staged-steps.ts";

export class StagedLog {
  readonly steps: StagedSteps;
  readonly layers: StagedLayers;
  /** Of logs that tell each layer by itself. */
  readonly cells: StagedLayerCells;
  readonly events: StagedEvents;
  private readonly db: DatabaseSync;
  private readonly parts = new StagedParts();

  static async open(): Promise<StagedLog> {
    const { DatabaseSync } = await import("node:sqlite");
    return new StagedLog(new DatabaseSync(""));
  }

  private constructor(db: DatabaseSync) {
    this.db = db;
    // Lost with the process, as it should be.
    this.db.exec("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -32768");
    this.steps = new StagedSteps(db, this.parts);
    this.layers = new StagedLayers(db, this.parts);
    this.cells = new StagedLayerCells(db, this.parts);
    this.events = new StagedEvents(db);
    this.db.exec("BEGIN");
  }

  /** In the order of attempts, ranks and series. */
  get partsInOrder(): Part[] {
    return this.parts.list
      .filter((part) => this.steps.holdsAny(part) || this.layers.holdsAny(part))
      .sort((a, b) => a.attempt - b.attempt || a.rank - b.rank || (a.series < b.series ? -1 : 1));
  }

  close(): void {
    this.db.close();
  }
}

/** The numbers that the tables have for parts. */
export class StagedParts {
  private readonly known = new Map<string, { key: number; part: Part }>();

  keyOf({ rank, attempt, series }: Part): number {
    const name = JSON.stringify([rank, attempt, series]);
    let known = this.known.get(name);
    if (!known) {
      known = { key: this.known.size, part: { rank, attempt, series } };
      this.known.set(name, known);
    }
    return known.key;
  }

  get list(): Part[] {
    return [...this.known.values()].map(({ part }) => part);
  }
}
