/** What has arrived, and waiting for what has not: tests wait for messages, never for time. */
export class Inbox<T> {
  readonly all: T[] = [];
  private waiting: { matches: (item: T) => boolean; resolve: (item: T) => void }[] = [];

  put(item: T): void {
    this.all.push(item);
    const served = this.waiting.filter(({ matches }) => matches(item));
    this.waiting = this.waiting.filter((one) => !served.includes(one));
    for (const { resolve } of served) resolve(item);
  }

  /** The first that matches, of those that are here or will come. */
  find(matches: (item: T) => boolean): Promise<T> {
    const here = this.all.find(matches);
    return here !== undefined ? Promise.resolve(here) : this.next(matches);
  }

  /** The first that matches, of those that will come. */
  next(matches: (item: T) => boolean): Promise<T> {
    return new Promise((resolve) => this.waiting.push({ matches, resolve }));
  }
}
