import type { Block } from "../pyramid/block.ts";
import type { BlockCache } from "../pyramid/block-cache.ts";
import type { BlockSource } from "../pyramid/step-pyramid.ts";
import { UnitBlock } from "../pyramid/unit-block.ts";
import { ValueBlock } from "../pyramid/value-block.ts";
import type { BlockKey, OpenModel, StoredModel } from "../store/models.ts";
import type { Store } from "../store/store.ts";

/** Another hub has worked the run out anew, or has gone on with this very model: what is in memory here doesn't fit it. */
export class Overtaken extends Error {}

/** How a run's model is kept in the store: its blocks as they become full, and its state from time to time. */
export class KeptModel {
  private readonly store: Store;
  private readonly run: number;
  private readonly cache: BlockCache;
  /** null while it is not complete. */
  private stored: StoredModel | null;
  private open: OpenModel | null;

  /** `stored`: the run's, or null for one from the first frame on. */
  constructor(store: Store, run: number, cache: BlockCache, stored: StoredModel | null) {
    this.store = store;
    this.run = run;
    this.cache = cache;
    this.stored = stored;
    this.open = stored;
  }

  /** Whether it is still the run's, as it was kept last. Always, of one that is not complete. */
  get isCurrent(): boolean {
    if (!this.stored) return true;
    const now = this.store.models.ofRun(this.run);
    return now?.key === this.stored.key && now.begun === this.stored.begun;
  }

  /** The states that it has come through, newest first: how many frames were in each, and its parts. */
  *milestones(): Generator<{ readonly frames: number; readonly parts: Map<string, Uint8Array> }> {
    if (!this.open) return;
    const { models } = this.store;
    for (const frames of models.milestones(this.open.key))
      yield { frames, parts: models.milestone(this.open.key, frames) };
  }

  /** Takes it back to a milestone: nobody else has it until it is complete again. @throws {Overtaken} */
  takeBack(frames: number): void {
    this.store.transaction(() => {
      if (!this.stored || !this.isLast) throw new Overtaken();
      this.open = this.store.models.reopen(this.stored, frames);
    });
    this.stored = null;
  }

  /** null where there is no such block. */
  bytes(key: BlockKey): Uint8Array | null {
    return this.open && this.store.models.block(this.open.key, key);
  }

  source(attempt: number, series: string): BlockSource {
    const read = (key: BlockKey): Block | null => {
      const bytes = this.bytes(key);
      if (!bytes) return null;
      return key.level === 0 ? ValueBlock.decode(bytes) : UnitBlock.decode(key.level, bytes);
    };
    return {
      full: (level, index) => {
        const name = `${this.open?.key} ${this.open?.begun} ${attempt} ${level} ${index} ${series}`;
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
    this.open ??= this.store.models.begin(this.run);
    this.store.models.putBlock(this.open.key, key, block.encode());
  }

  /** In a transaction, after the blocks: the state as it is now. @throws {Overtaken} */
  putParts(parts: Iterable<readonly [string, Uint8Array]>): void {
    if (this.stored && !this.isLast) throw new Overtaken();
    this.open ??= this.store.models.begin(this.run);
    for (const [part, bytes] of parts) this.store.models.putPart(this.open.key, part, bytes);
  }

  /** In a transaction, after the parts, which it can be taken back to: so many frames are in them. */
  putMilestone(frames: number): void {
    if (this.open) this.store.models.putMilestone(this.open.key, frames);
  }

  /** In a transaction, after the parts: they are of this frame. */
  complete(frame: number): void {
    if (!this.open) return;
    this.store.models.advance(this.run, this.open.key, frame);
    this.stored = { ...this.open, frame };
  }

  /** Whether nobody has kept the run since. */
  private get isLast(): boolean {
    return this.isCurrent && this.store.models.ofRun(this.run)?.frame === this.stored?.frame;
  }
}
