/** Patterns as in `.gitignore` (https://git-scm.com/docs/gitignore#_pattern_format), relative to a folder. */
import { isAbsolute, relative, sep } from "node:path";
import ignore, { type Ignore } from "ignore";

/** As git does where it is installed anew. */
const IGNORE_CASE = process.platform === "win32" || process.platform === "darwin";

export class Patterns {
  readonly #folder: string;
  readonly #rules: Ignore;

  constructor(folder: string, patterns: string | readonly string[]) {
    this.#folder = folder;
    this.#rules = ignore({ ignorecase: IGNORE_CASE }).add(patterns);
  }

  /** Whether a path, or a folder above it, matches; null where no pattern says anything of it. */
  matches(path: string, isFolder: boolean): boolean | null {
    const inside = relative(this.#folder, path);
    if (inside === "" || inside === ".." || inside.startsWith(`..${sep}`) || isAbsolute(inside)) return null;
    const { ignored, unignored } = this.#rules.test(`${inside.split(sep).join("/")}${isFolder ? "/" : ""}`);
    return ignored ? true : unignored ? false : null;
  }
}
