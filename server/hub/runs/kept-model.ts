import type { Block } from "../pyramid/block.ts";
import type { BlockCache } from "../pyramid/block-cache.ts";
import type { BlockSource } from "../pyramid/step-pyramid.ts";
import { UnitBlock } from "../pyramid/unit-block.ts";
import { ValueBlock } from "../pyramid/value-block.ts";
import type { BlockKey, StoredModel } from "../store/models.ts";
import type { Store } from "../store/store.ts";

/** Another hub has worked the run out anew, or has gone on with this very model: what is in memory here doesn't fit it. */
export class Overtaken extends Error {}

/** How a run's model is kept in the store: its blocks as they become full, and its state from time to time. */
export class KeptModel {
  private readonly store: Store;
  private readonly run: number;
  private readonly cache: BlockCache;
  private stored: StoredModel | null;
  /** Of one that is not complete yet. */
  private key: number | null;

  /** `stored`: the run's, or null for one from the first frame on. */
  constructor(store: Store, run: number, cache: BlockCache, stored: StoredModel | null) {
    this.store = store;
    this.run = run;
    this.cache = cache;
    this.stored = stored;
    this.key = stored?.key ?? null;
  }

  /** Whether it is still the run's, as it was kept last. Always, of one that is not complete. */
  get isCurrent(): boolean {
    if (!this.stored) return true;
    const now = this.store.models.ofRun(this.run);
    return now?.key === this.stored.key;
  }

  /** null where there is no such block. */
  bytes(key: BlockKey): Uint8Array | null {
    return this.key === null ? null : this.store.models.block(this.key, key);
  }

  source(attempt: number, series: string): BlockSource {
    const read = (key: BlockKey): Block | null => {
      const bytes = this.bytes(key);
      if (!bytes) return null;
      return key.level === 0 ? ValueBlock.decode(bytes) : UnitBlock.decode(key.level, bytes);
    };
    return {
      full: (level, index) => {
        const name = `${this.key} ${attempt} ${level} ${index} ${series}`;
        const cached = this.cache.get(name);
        if (cached) return cached;
        const block = read({ attempt, series, level, index });
        if (block) this.cache.put(name, block);
        return block;
      },
      last: (level, index) => read({ attempt, series, level, index }),
    };
  }

  /** In a transaction. */
  putBlock(key: BlockKey, block: Pick<Block, "encode">): void {
    this.key ??= this.store.models.begin(this.run);
    this.store.models.putBlock(this.key, key, block.encode());
  }

  /** In a transaction, after the blocks: the state at this frame. @throws {Overtaken} */
  complete(frame: number, parts: Iterable<readonly [string, Uint8Array]>): void {
    const { models } = this.store;
    if (this.stored) {
      const now = models.ofRun(this.run);
      if (now?.key !== this.stored.key || now.frame !== this.stored.frame) throw new Overtaken();
    }
    this.key ??= models.begin(this.run);
    for (const [part, bytes] of parts) models.putPart(this.key, part, bytes);
    models.advance(this.run, this.key, frame);
    this.stored = { key: this.key, frame };
  }
}
