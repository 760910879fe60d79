/** Which files a list of paths means. */
import { existsSync, type Stats, statSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import type { Configuration } from "../configuration/configuration.ts";
import { exclusionOf } from "../configuration/exclusion.ts";
import type { Patterns } from "../configuration/patterns.ts";
import { isConfig, isNotebook, isPython } from "../files/kind.ts";
import { systemMessage } from "../files/source.ts";
import { GitIgnore } from "./gitignore.ts";
import type { Problem } from "./report.ts";

export interface Discovery {
  /** Absolute, each once, in the order of the paths given and alphabetical within a folder. */
  readonly files: readonly string[];
  /** The folders that these were searched in. */
  readonly folders: readonly string[];
  readonly problems: readonly Problem[];
}

export interface DiscoveryOptions {
  configurationIn(folder: string): Promise<Configuration | null>;
  /** Leave out what is excluded even where it is named. */
  readonly forceExclude: boolean;
}

const MAX_CONFIG_SIZE = 256 * 1024;

/** What keeps a path from being linted: the patterns of git, and those of the nearest configuration. */
interface Filters {
  readonly git: GitIgnore | null;
  readonly exclusion: Patterns;
  readonly configuration: Configuration | null;
}

export async function discover(paths: readonly string[], options: DiscoveryOptions): Promise<Discovery> {
  const files = new Set<string>();
  const folders = new Set<string>();
  const problems: Problem[] = [];

  async function walk(folder: string, above: Filters): Promise<void> {
    const filters = await within(folder, above);
    folders.add(folder);
    let entries: Awaited<ReturnType<typeof list>>;
    try {
      entries = await list(folder);
    } catch (error) {
      problems.push({ path: folder, message: systemMessage(error) });
      return;
    }
    for (const entry of entries) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) {
        // Links to folders are not followed: they may lead in circles.
        if (!leftOut(path, true, filters) && !existsSync(join(path, "pyvenv.cfg"))) await walk(path, filters);
      } else if ((isPython(path) || isNotebook(path) || isConfig(path)) && !leftOut(path, false, filters)) {
        const stats = statSync(path, { throwIfNoEntry: false });
        // Larger JSON is data, and not worth reading.
        if (stats?.isFile() && (!isConfig(path) || stats.size <= MAX_CONFIG_SIZE)) files.add(path);
      }
    }
  }

  /** A folder's own files go before those above it. */
  async function within(folder: string, above: Filters): Promise<Filters> {
    const configuration = await options.configurationIn(folder);
    const same = configuration === above.configuration;
    return {
      git: GitIgnore.in(folder, above.git),
      configuration,
      exclusion: same ? above.exclusion : exclusionOf(configuration, folder),
    };
  }

  /** A folder that is named is searched, though git ignores it or it is excluded. */
  async function filtersAt(folder: string): Promise<Filters> {
    const configuration = await options.configurationIn(folder);
    const git = GitIgnore.above(folder);
    const exclusion = exclusionOf(configuration, folder);
    const lifted = exclusion.matches(folder, true) === true && !options.forceExclude;
    return {
      git: git?.ignores(folder, true) ? null : git,
      configuration,
      exclusion: lifted ? exclusionOf(null, folder) : exclusion,
    };
  }

  for (const path of paths) {
    const absolute = resolve(path);
    let stats: Stats;
    try {
      stats = statSync(absolute);
    } catch (error) {
      problems.push({ path: absolute, message: systemMessage(error) });
      continue;
    }
    if (stats.isDirectory()) await walk(absolute, await filtersAt(absolute));
    else if (!options.forceExclude || !(await excluded(absolute, options))) files.add(absolute);
  }
  return { files: [...files], folders: [...folders], problems };
}

/** Whether a file would be left out in a search of the current folder, git's own patterns aside. */
export async function excluded(path: string, options: DiscoveryOptions): Promise<boolean> {
  const configuration = await options.configurationIn(dirname(path));
  return exclusionOf(configuration, process.cwd()).matches(path, false) === true;
}

function leftOut(path: string, isFolder: boolean, { git, exclusion }: Filters): boolean {
  return exclusion.matches(path, isFolder) === true || git?.ignores(path, isFolder) === true;
}

async function list(folder: string) {
  const entries = await readdir(folder, { withFileTypes: true });
  return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
}
