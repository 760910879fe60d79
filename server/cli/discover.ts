/** Which files a list of paths means. */
import { existsSync, type Stats, statSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { dirname, extname, join, resolve } from "node:path";
import { systemMessage } from "../files/source.ts";
import { GitIgnore } from "./gitignore.ts";

export interface Discovery {
  /** Absolute, each once, in the order of the paths given and alphabetical within a folder. */
  readonly files: readonly string[];
  readonly problems: readonly { readonly path: string; readonly message: string }[];
}

const EXTENSIONS = new Set([".py", ".pyw"]);

/** Never anybody's own training code. A path that is named on the command line is linted all the same. */
const EXCLUDED = new Set(
  (
    ".bzr .direnv .eggs .git .hg .ipynb_checkpoints .mypy_cache .nox .pytest_cache .pytype .ruff_cache .svn .tox .venv " +
    ".vscode __pycache__ __pypackages__ _build build dist node_modules site-packages venv"
  ).split(" "),
);

export async function discover(paths: readonly string[]): Promise<Discovery> {
  const files = new Set<string>();
  const problems: { path: string; message: string }[] = [];

  async function walk(folder: string, above: GitIgnore | null): Promise<void> {
    const ignore = GitIgnore.in(folder, above);
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
        if (EXCLUDED.has(entry.name) || existsSync(join(path, "pyvenv.cfg")) || ignore?.ignores(path, true)) continue;
        await walk(path, ignore);
      } else if (EXTENSIONS.has(extname(entry.name).toLowerCase()) && !ignore?.ignores(path, false)) {
        if (entry.isFile() || isFile(path)) files.add(path);
      }
    }
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
    if (stats.isDirectory()) await walk(absolute, ignoredAbove(absolute));
    else files.add(absolute);
  }
  return { files: [...files], problems };
}

async function list(folder: string) {
  const entries = await readdir(folder, { withFileTypes: true });
  return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

/** The `.gitignore` files from the root of the repository down to, but not in, `folder`. */
function ignoredAbove(folder: string): GitIgnore | null {
  const parents: string[] = [];
  for (let at = folder; !existsSync(join(at, ".git")); at = dirname(at)) {
    if (dirname(at) === at) return null;
    parents.unshift(dirname(at));
  }
  return parents.reduce<GitIgnore | null>((above, parent) => GitIgnore.in(parent, above), null);
}
