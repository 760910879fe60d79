/**
 * Tiles on their way into the webview, one at a time: the next is posted when the one before has been taken, so that a
 * slow renderer holds at most one megabyte-sized message and never a backlog.
 */
export class TileQueue {
  private readonly waiting: Uint8Array[] = [];
  private readonly post: (tile: ArrayBuffer) => PromiseLike<unknown>;
  private generation = 0;
  private busy = false;

  constructor(post: (tile: ArrayBuffer) => PromiseLike<unknown>) {
    this.post = post;
  }

  push(tile: Uint8Array): void {
    this.waiting.push(tile);
    if (!this.busy) void this.drain();
  }

  /** Forgets what waits: the page that asked for it is gone. */
  clear(): void {
    this.waiting.length = 0;
    this.generation++;
    this.busy = false;
  }

  private async drain() {
    const generation = this.generation;
    this.busy = true;
    for (let tile = this.waiting.shift(); tile; tile = this.waiting.shift()) {
      // Copied: what comes from the websocket is a view on a larger buffer, which would travel whole. (A Buffer's own
      // `slice` does not copy.)
      await this.post(new Uint8Array(tile).buffer);
      if (generation !== this.generation) return;
    }
    this.busy = false;
  }
}
