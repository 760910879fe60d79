/** `.gitignore` files: https://git-scm.com/docs/gitignore#_pattern_format */
import { readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";

interface Pattern {
  readonly matches: RegExp;
  readonly negated: boolean;
  readonly foldersOnly: boolean;
}

/** The patterns of one folder, and those of the folders above it. */
export class GitIgnore {
  readonly #folder: string;
  readonly #patterns: readonly Pattern[];
  readonly #above: GitIgnore | null;

  constructor(folder: string, text: string, above: GitIgnore | null) {
    this.#folder = folder;
    this.#patterns = text.split(/\r?\n/).flatMap(parse);
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

  /** The last pattern that matches decides; a deeper file goes before one above it. */
  ignores(path: string, isFolder: boolean): boolean {
    const inside = relative(this.#folder, path).split(sep).join("/");
    const decisive = this.#patterns.findLast(
      ({ matches, foldersOnly }) => (isFolder || !foldersOnly) && matches.test(inside),
    );
    if (decisive) return !decisive.negated;
    return this.#above?.ignores(path, isFolder) ?? false;
  }
}

function parse(line: string): Pattern[] {
  // A trailing space counts only when escaped.
  let text = line.replace(/(?<!\\) +$/, "");
  if (text === "" || text.startsWith("#")) return [];
  const negated = text.startsWith("!");
  if (negated) text = text.slice(1);
  const foldersOnly = text.endsWith("/");
  if (foldersOnly) text = text.slice(0, -1);
  // A slash at the start or in the middle ties the pattern to the folder of its file.
  const anchored = text.includes("/");
  if (text.startsWith("/")) text = text.slice(1);
  if (text === "") return [];
  try {
    return [{ matches: new RegExp(`^${anchored ? "" : "(?:.*/)?"}${translate(text)}$`), negated, foldersOnly }];
  } catch {
    return [];
  }
}

function translate(glob: string): string {
  const token = /\*\*\/|\/\*\*$|\*+|\?|\[(!?)((?:\\.|[^\]\\])+)\]|\\(.)|[^*?[\\]+|./gs;
  return glob.replace(token, (part, not: string | undefined, set: string | undefined, escaped: string | undefined) => {
    if (part === "**/") return "(?:.*/)?";
    if (part === "/**") return "/.*";
    if (part.startsWith("*")) return "[^/]*";
    if (part === "?") return "[^/]";
    if (set !== undefined) return `[${not ? "^" : ""}${set.replaceAll("[", "\\[")}]`;
    return (escaped ?? part).replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
  });
}
