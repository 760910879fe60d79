/** `gradsight lint --watch`: lints again whenever something that matters has changed. */
import { type FSWatcher, statSync, watch as watchFolder } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import type { Analyser } from "../analysis/index.ts";
import { ConfigurationError } from "../configuration/configuration.ts";
import { SourceError } from "../files/source.ts";
import { type Discovery, discover } from "./discover.ts";
import { EXIT } from "./exit.ts";
import { lintOnce } from "./lint-once.ts";
import type { LintArguments } from "./lint-options.ts";
import { Settings } from "./settings.ts";

/** Editors and version control write several files at once. */
const SETTLE_MS = 60;
const CLEAR = "\u001b[2J\u001b[3J\u001b[H";
/** What says how to lint, rather than being linted. */
const CONFIGURATION = /^(pyproject\.toml|\.gitignore|requirements.*\.txt|.*\.lock)$/;

/**
 * Resolves with the exit code at Ctrl-C, once a run that is under way has ended. A mistake in a configuration ends it only
 * at the start.
 */
export async function watch(options: LintArguments, analyser: Analyser): Promise<number> {
  const changes = new Changes();
  const end = () => changes.end();
  process.once("SIGINT", end).once("SIGTERM", end);
  let last: string | null = null;
  while (!changes.ended) {
    const settings = new Settings(options, analyser.rules);
    const reconfigured = changes.settle();
    try {
      let discovery: Discovery;
      // What came into a new folder before it was followed is found in a second search.
      do discovery = await discover(options.paths, settings);
      while (changes.follow(await foldersOf(discovery, options, settings)));
      const state = stateOf(discovery.files, options);
      if (state !== last || reconfigured) await lintAgain(options, settings, analyser);
      last = state;
    } catch (error) {
      if (last === null || !(error instanceof ConfigurationError || error instanceof SourceError)) throw error;
      process.stderr.write(`gradsight: ${error.message}\n`);
      last = "";
    }
    await changes.next();
  }
  changes.follow([]);
  return EXIT.clean;
}

/** All of it: what is said of one file may rest on others, which it imports. */
async function lintAgain(options: LintArguments, settings: Settings, analyser: Analyser): Promise<void> {
  if (process.stdout.isTTY && options.format === "text") process.stdout.write(CLEAR);
  await lintOnce(options, settings, analyser);
  const time = new Date().toLocaleTimeString(undefined, { timeStyle: "medium" });
  process.stderr.write(`${time} Watching for changes; Ctrl-C ends.\n`);
}

/** What a change of any file changes. Our own report, written into a folder that is watched, doesn't count. */
function stateOf(files: readonly string[], options: LintArguments): string {
  const own = options.outputFile === null ? null : resolve(options.outputFile);
  const states = [...files, ...named(options)].map((path) => {
    if (path === own) return "";
    const stats = statSync(path, { throwIfNoEntry: false });
    return `${path}:${stats?.mtimeMs}:${stats?.size}:${stats?.ino}`;
  });
  return states.join("\n");
}

/** The files that options name. */
const named = ({ baseline, config }: LintArguments): string[] =>
  [baseline, config].filter((path) => path !== null).map((path) => resolve(path));

/** Those searched, those of files that were named, and those of the configurations in use. */
async function foldersOf({ files, folders }: Discovery, options: LintArguments, settings: Settings) {
  const all = new Set([...folders, ...[...files, ...named(options)].map((path) => dirname(path))]);
  for (const folder of [...all]) {
    const configuration = await settings.configurationIn(folder);
    if (configuration) all.add(dirname(configuration.file));
  }
  return [...all];
}

/** Tells of changes in folders. Each is watched for itself: a recursive watch would follow into environments and caches. */
class Changes {
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
      const watcher = watchFolder(folder, (_, name) => {
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
