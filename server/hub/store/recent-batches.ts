import type { Batch } from "../../../protocol/batch.ts";

/** Bytes of frames: as many as a run is behind its frames, and those of others beside it. */
const MOST_BYTES = 8 * 1024 * 1024;

/**
 * Frames that were stored last, as they were decoded when they came: what is made of them next need not read and decode them once
 * more. Each is given once.
 */
export class RecentBatches {
  private readonly batches = new Map<number, { batch: Batch; bytes: number }>();
  private bytes = 0;

  /** `key`: the frame's. */
  put(key: number, batch: Batch, bytes: number): void {
    this.batches.set(key, { batch, bytes });
    this.bytes += bytes;
    for (const oldest of this.batches.keys()) {
      if (this.bytes <= MOST_BYTES) break;
      this.take(oldest);
    }
  }

  take(key: number): Batch | null {
    const entry = this.batches.get(key);
    if (!entry) return null;
    this.batches.delete(key);
    this.bytes -= entry.bytes;
    return entry.batch;
  }

  clear(): void {
    this.batches.clear();
    this.bytes = 0;
  }
}
