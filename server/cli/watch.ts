/** `gradsight lint --watch`: lints again whenever something that matters has changed. */
import { statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { Analyser } from "../analysis/index.ts";
import { ConfigurationError } from "../configuration/configuration.ts";
import { isConfig } from "../files/kind.ts";
import { SourceError } from "../files/source.ts";
import { stampOf } from "../files/workspace.ts";
import { Changes } from "./changes.ts";
import { type Discovery, discover } from "./discover.ts";
import { EXIT } from "./exit.ts";
import { lintOnce } from "./lint-once.ts";
import type { LintArguments } from "./lint-options.ts";
import { Settings } from "./settings.ts";
import { forgetFiles, forgetImported, importedModules } from "./workspace.ts";

const CLEAR = "\u001b[2J\u001b[3J\u001b[H";

/**
 * Resolves with the exit code at Ctrl-C, once a run that is under way has ended. A mistake in a configuration ends it only
 * at the start.
 */
export async function watch(options: LintArguments, analyser: Analyser): Promise<number> {
  const changes = new Changes();
  const end = () => changes.end();
  process.once("SIGINT", end).once("SIGTERM", end);
  let last: State | null = null;
  const shown = new Screen(options);
  while (!changes.ended) {
    const settings = new Settings(options, analyser.rules);
    const reconfigured = changes.settle();
    forgetFiles();
    try {
      let discovery: Discovery;
      // What came into a new folder before it was followed is found in a second search.
      do discovery = await discover(options.paths, settings);
      while (changes.follow(await foldersOf(discovery, options, settings)));
      const state = stateOf(discovery.files, options, importedNow());
      const lint = (print: (text: string) => void) => {
        forgetImported();
        return lintOnce(options, settings, analyser, print);
      };
      // All of it: what is said of one file may rest on others, which it imports.
      if (reconfigured || state.code !== last?.code || state.imported !== last.imported) {
        await lint((text) => shown.show(text));
        shown.waiting();
      } else if (state.data !== last.data) await lint((text) => shown.showIfNew(text));
      // What it imports may lie beyond the folders that it was found in, and is known only now.
      changes.follow(await foldersOf(discovery, options, settings));
      last = { ...state, imported: stateOfImported(importedModules()) };
      if (stateOfImported(importedNow()) !== last.imported) continue;
    } catch (error) {
      if (last === null || !(error instanceof ConfigurationError || error instanceof SourceError)) throw error;
      process.stderr.write(`gradsight: ${error.message}\n`);
      last = { code: "", imported: "", data: "" };
    }
    await changes.next();
  }
  changes.follow([]);
  return EXIT.clean;
}

/** What a change of any file changes. */
interface State {
  readonly code: string;
  readonly imported: string;
  /** JSON and YAML, which a training that runs may write all the time. */
  readonly data: string;
}

/** Our own report, written into a folder that is watched, doesn't count. */
function stateOf(files: readonly string[], options: LintArguments, imported: ReadonlyMap<string, string>): State {
  const own = options.outputFile === null ? null : resolve(options.outputFile);
  const state = (paths: readonly string[]) =>
    paths
      .filter((path) => path !== own)
      .map((path) => `${path}:${stampOf(statSync(path, { throwIfNoEntry: false }))}`)
      .join("\n");
  const code = files.filter((path) => !isConfig(path));
  return {
    code: state([...code, ...named(options)]),
    imported: stateOfImported(imported),
    data: state(files.filter(isConfig)),
  };
}

const stateOfImported = (modules: ReadonlyMap<string, string>) =>
  [...modules]
    .map(([path, stamp]) => `${path}:${stamp}`)
    .sort()
    .join("\n");

/** As they are on the disk. */
const importedNow = () =>
  new Map(
    [...importedModules().keys()].map((path) => [path, stampOf(statSync(path, { throwIfNoEntry: false }))] as const),
  );

/** What is on the terminal. */
class Screen {
  readonly #clears: boolean;
  #text = "";

  constructor({ format }: LintArguments) {
    this.#clears = process.stdout.isTTY && format === "text";
  }

  show(text: string): void {
    this.#text = text;
    process.stdout.write(this.#clears ? `${CLEAR}${text}` : text);
  }

  showIfNew(text: string): void {
    if (text === this.#text) return;
    this.show(text);
    this.waiting();
  }

  waiting(): void {
    const time = new Date().toLocaleTimeString(undefined, { timeStyle: "medium" });
    process.stderr.write(`${time} Watching for changes; Ctrl-C ends.\n`);
  }
}

/** The files that options name. */
const named = ({ baseline, config }: LintArguments): string[] =>
  [baseline, config].filter((path) => path !== null).map((path) => resolve(path));

/** Those searched, those of files that were named, those of modules that were imported, and those of the configurations in use. */
async function foldersOf({ files, folders }: Discovery, options: LintArguments, settings: Settings) {
  const all = new Set([
    ...folders,
    ...[...files, ...named(options), ...importedModules().keys()].map((path) => dirname(path)),
  ]);
  for (const folder of [...all]) {
    const configuration = await settings.configurationIn(folder);
    if (configuration) all.add(dirname(configuration.file));
  }
  return [...all];
}
