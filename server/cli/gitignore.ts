import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Patterns } from "../configuration/patterns.ts";

/** The `.gitignore` of one folder, and those of the folders above it. */
export class GitIgnore {
  readonly #patterns: Patterns;
  readonly #above: GitIgnore | null;

  private constructor(folder: string, text: string, above: GitIgnore | null) {
    this.#patterns = new Patterns(folder, text);
    this.#above = above;
  }

  /** Reads the folder's own file, if it has one. */
  static in(folder: string, above: GitIgnore | null): GitIgnore | null {
    try {
      return new GitIgnore(folder, readFileSync(join(folder, ".gitignore"), "utf8"), above);
    } catch {
      return above;
    }
  }

  /** The files from the root of the repository down to, but not in, `folder`; null outside a repository. */
  static above(folder: string): GitIgnore | null {
    const parents: string[] = [];
    for (let at = folder; !existsSync(join(at, ".git")); at = dirname(at)) {
      if (dirname(at) === at) return null;
      parents.unshift(dirname(at));
    }
    return parents.reduce<GitIgnore | null>((above, parent) => GitIgnore.in(parent, above), null);
  }

  /** A deeper file goes before one above it. */
  ignores(path: string, isFolder: boolean): boolean {
    return this.#patterns.matches(path, isFolder) ?? this.#above?.ignores(path, isFolder) ?? false;
  }
}
