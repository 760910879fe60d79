import type { Block } from "./block.ts";

/** Values (of any level) in the blocks that are kept: eight bytes each. */
const MOST_VALUES = 6 * 1024 * 1024;

/** The blocks that were looked at last, of all runs: those of a chart that moves by a little are mostly the same. */
export class BlockCache {
  private readonly blocks = new Map<string, { block: Block; values: number }>();
  private values = 0;

  get(key: string): Block | null {
    const entry = this.blocks.get(key);
    if (!entry) return null;
    this.blocks.delete(key);
    this.blocks.set(key, entry);
    return entry.block;
  }

  put(key: string, block: Block): void {
    const values = block.size;
    this.blocks.set(key, { block, values });
    this.values += values;
    for (const [oldest, entry] of this.blocks) {
      if (this.values <= MOST_VALUES) break;
      this.blocks.delete(oldest);
      this.values -= entry.values;
    }
  }
}
