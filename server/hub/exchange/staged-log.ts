/**
 * A log on its way into the store. It may tell one step's values far apart, in any order, and more of them than memory holds:
 * a database of its own brings them together.
 */
import type { Part } from "./log-format.ts";
import { StagedEvents } from "./staged-events.ts";
import { StagedLayerCells } from "./staged-layer-cells.ts";
import { StagedLayers } from "./staged-layers.ts";
import { StagedSteps } from "./staged-steps.ts";
import { TemporaryDatabase } from "./temporary-database.ts";

export class StagedLog {
  readonly steps: StagedSteps;
  readonly layers: StagedLayers;
  /** Of logs that tell each layer by itself. */
  readonly cells: StagedLayerCells;
  readonly events: StagedEvents;
  private readonly database: TemporaryDatabase;
  private readonly parts = new StagedParts();

  static async open(): Promise<StagedLog> {
    return new StagedLog(await TemporaryDatabase.open());
  }

  private constructor(database: TemporaryDatabase) {
    const { db } = database;
    this.database = database;
    this.steps = new StagedSteps(db, this.parts);
    this.layers = new StagedLayers(db, this.parts);
    this.cells = new StagedLayerCells(db, this.parts);
    this.events = new StagedEvents(db);
  }

  /** In the order of attempts, ranks and series. */
  get partsInOrder(): Part[] {
    return this.parts.list
      .filter((part) => this.steps.holdsAny(part) || this.layers.holdsAny(part))
      .sort((a, b) => a.attempt - b.attempt || a.rank - b.rank || (a.series < b.series ? -1 : 1));
  }

  /** It is of no use any more; resolves when its space is free. */
  close(): Promise<void> {
    return this.database.close();
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
