/** A line on standard error that counts files, for people who wait. Nothing where it isn't a terminal. */
export class Progress {
  readonly #total: number;
  readonly #stream: NodeJS.WriteStream;
  readonly #from = performance.now();
  #drawn = 0;

  constructor(total: number, stream: NodeJS.WriteStream = process.stderr) {
    this.#total = total;
    this.#stream = stream;
  }

  /** Draws at most ten times a second, and not before half a second has gone by. */
  at(count: number): void {
    const now = performance.now();
    if (!this.#stream.isTTY || now - this.#from < 500 || now - this.#drawn < 100) return;
    this.#drawn = now;
    this.#stream.write(`\r\u001b[KLinting ${count} of ${this.#total} files…`);
  }

  clear(): void {
    if (this.#drawn > 0) this.#stream.write("\r\u001b[K");
    this.#drawn = 0;
  }
}
