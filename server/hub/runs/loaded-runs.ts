import type { Store } from "../store/store.ts";
import { RunModel } from "./run-model.ts";

/** The runs in memory: those that a viewer looks at, and for a while those that one looked at. */
export class LoadedRuns {
  private readonly store: Store;
  private readonly patience: number;
  private readonly keptFor: number;
  private readonly loaded = new Map<number, { model: Promise<RunModel>; usedAt: number }>();

  /** `patience`: see RunModel; `keptFor`: how long a run that nobody looks at stays, in milliseconds. */
  constructor(store: Store, patience: number, keptFor = 120_000) {
    this.store = store;
    this.patience = patience;
    this.keptFor = keptFor;
  }

  /** The run as the store has it now. */
  async get(key: number): Promise<RunModel> {
    const entry = this.loaded.get(key);
    if (!entry) return this.load(key);
    entry.usedAt = performance.now();
    const model = await entry.model;
    if (model.catchUp()) return model;
    // Somebody else may have begun to load it anew meanwhile.
    return this.loaded.get(key) === entry || !this.loaded.has(key) ? this.load(key) : this.get(key);
  }

  drop(key: number): void {
    this.loaded.delete(key);
  }

  dropIdle(): void {
    const limit = performance.now() - this.keptFor;
    for (const [key, { usedAt }] of this.loaded) if (usedAt < limit) this.loaded.delete(key);
  }

  get size(): number {
    return this.loaded.size;
  }

  private async load(key: number): Promise<RunModel> {
    const model = RunModel.load(this.store, key, this.patience);
    const entry = { model, usedAt: performance.now() };
    this.loaded.set(key, entry);
    try {
      const loaded = await model;
      entry.usedAt = performance.now();
      return loaded;
    } catch (error) {
      if (this.loaded.get(key) === entry) this.loaded.delete(key);
      throw error;
    }
  }
}
