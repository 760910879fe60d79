import { BlockCache } from "../pyramid/block-cache.ts";
import type { Store } from "../store/store.ts";
import { RunModel } from "./run-model.ts";

interface Entry {
  readonly loading: Promise<RunModel>;
  /** null until it is loaded. */
  model: RunModel | null;
  usedAt: number;
}

/** Runs in memory at once, some 400 KB each, and more for each rank. Those beyond that are opened again when they are asked for. */
const MOST_LOADED = 100;

/** The runs in memory: those that a viewer looks at or a probe tells of, and for a while those that were so. */
export class LoadedRuns {
  private readonly store: Store;
  private readonly patience: number;
  private readonly keptFor: number;
  private readonly cache = new BlockCache();
  private readonly loaded = new Map<number, Entry>();

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
    const model = await entry.loading;
    try {
      if (await model.catchUp()) return model;
    } catch (error) {
      // What could not be kept is no longer all in memory.
      if (this.loaded.get(key) === entry) this.loaded.delete(key);
      throw error;
    }
    // Somebody else may have begun to load it anew meanwhile.
    return this.loaded.get(key) === entry || !this.loaded.has(key) ? this.load(key) : this.get(key);
  }

  drop(key: number): void {
    this.loaded.delete(key);
  }

  dropIdle(): void {
    const limit = performance.now() - this.keptFor;
    const byUse = [...this.loaded].sort(([, a], [, b]) => b.usedAt - a.usedAt);
    for (const [i, [key, { model, usedAt }]] of byUse.entries()) {
      if (usedAt >= limit && i < MOST_LOADED) continue;
      this.loaded.delete(key);
      model?.keep();
    }
  }

  /** Keeps what was made of those that are in memory. */
  keep(): void {
    for (const { model } of this.loaded.values()) model?.keep();
  }

  get size(): number {
    return this.loaded.size;
  }

  private async load(key: number): Promise<RunModel> {
    const loading = RunModel.load(this.store, key, this.patience, this.cache);
    const entry: Entry = { loading, model: null, usedAt: performance.now() };
    this.loaded.set(key, entry);
    try {
      entry.model = await loading;
      entry.usedAt = performance.now();
      return entry.model;
    } catch (error) {
      if (this.loaded.get(key) === entry) this.loaded.delete(key);
      throw error;
    }
  }
}
