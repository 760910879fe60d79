import { type FSWatcher, watch } from "node:fs";
import { basename } from "node:path";
import { setTimeout as wait } from "node:timers/promises";

/** Editors and version control write several files at once. */
const SETTLE_MS = 60;
/** What says how to lint, rather than being linted. */
const CONFIGURATION = /^(pyproject\.toml|\.gitignore|requirements.*\.txt|.*\.lock)$/;

/** Tells of changes in folders. Each is watched for itself: a recursive watch would follow into environments and caches. */
export class Changes {
  readonly #watchers = new Map<string, FSWatcher>();
  #wake: () => void = () => {};
  #changed = false;
  #ended = false;
  #configuration = false;

  get ended(): boolean {
    return this.#ended;
  }

  /** From here on, changes are new. Says whether one before was in what says how to lint. */
  settle(): boolean {
    const configuration = this.#configuration;
    this.#changed = this.#configuration = false;
    return configuration;
  }

  /** Follows these folders and no others. Whether one is new. */
  follow(folders: readonly string[]): boolean {
    const wanted = new Set(folders);
    for (const [folder, watcher] of this.#watchers) if (!wanted.has(folder)) this.#leave(folder, watcher);
    const entered = folders.filter((folder) => !this.#watchers.has(folder) && this.#enter(folder));
    return entered.length > 0;
  }

  /** Resolves when something changed, and then nothing for a moment. */
  async next(): Promise<void> {
    while (!this.#ended && !this.#changed)
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    if (!this.#ended) await wait(SETTLE_MS);
  }

  end(): void {
    this.#ended = true;
    this.#wake();
  }

  #enter(folder: string): boolean {
    try {
      const watcher = watch(folder, (_, name) => {
        this.#changed = true;
        if (name === null || CONFIGURATION.test(basename(name))) this.#configuration = true;
        this.#wake();
      });
      watcher.on("error", () => this.#leave(folder, watcher));
      this.#watchers.set(folder, watcher);
      return true;
    } catch {
      // It is gone already; the folder above tells when it is back.
      return false;
    }
  }

  #leave(folder: string, watcher: FSWatcher): void {
    watcher.close();
    this.#watchers.delete(folder);
  }
}
