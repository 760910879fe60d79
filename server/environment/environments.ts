/**
 * The framework versions that a file will run with: of the interpreter that was chosen; else of a virtual environment
 * beside the file or above it; else as the project's files ask for them. The nearest folder that says anything wins.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { environmentOf, installedIn } from "./installed.ts";
import { fromPipfileLock, fromPyproject, fromRequirements, fromTomlLock, type Versions } from "./requirements.ts";

/** What pins exactly goes before what only asks. */
const READERS: readonly (readonly [RegExp, (text: string) => Versions])[] = [
  [/^(uv|poetry|pdm)\.lock$|^pylock(\..+)?\.toml$/, fromTomlLock],
  [/^Pipfile\.lock$/, fromPipfileLock],
  [/^requirements(\.lock)?(\.txt)?$|^requirements[-_.].*\.txt$/, fromRequirements],
  [/^pyproject\.toml$/, fromPyproject],
];
/** The same as globs, for those who watch files. */
export const REQUIREMENT_FILES: readonly string[] = [
  "**/{uv,poetry,pdm,Pipfile}.lock",
  "**/pylock*.toml",
  "**/requirements*{.lock,.txt}",
  "**/pyproject.toml",
];
const NOTHING: Versions = new Map();
const MAX_SIZE = 8 * 1024 * 1024;

export class Environments {
  readonly #known = new Map<string, Versions>();
  readonly #installed = new Map<string, Versions>();
  readonly #selected = new Map<string, string>();
  readonly #active: string | null;

  /** The interpreter that is active, or the folder of its environment. */
  constructor(active: string | null = null) {
    this.#active = active;
  }

  /** The interpreter that the user selected for a file. */
  select(file: string, interpreter: string | null): void {
    if (interpreter === null) this.#selected.delete(file);
    else this.#selected.set(file, interpreter);
  }

  of(file: string): Versions {
    const interpreter = this.#selected.get(file) ?? this.#active;
    const installed = interpreter === null ? NOTHING : this.#beside(interpreter);
    return installed.size > 0 ? installed : this.#in(dirname(file));
  }

  #beside(interpreter: string): Versions {
    let versions = this.#installed.get(interpreter);
    if (!versions) {
      versions = installedIn(environmentOf(interpreter));
      this.#installed.set(interpreter, versions);
    }
    return versions;
  }

  /** After something was installed, or a file changed. */
  forget(): void {
    this.#known.clear();
    this.#installed.clear();
  }

  #in(folder: string): Versions {
    let versions = this.#known.get(folder);
    if (!versions) {
      const own = read(folder);
      const parent = dirname(folder);
      versions = own.size > 0 || parent === folder || existsSync(join(folder, ".git")) ? own : this.#in(parent);
      this.#known.set(folder, versions);
    }
    return versions;
  }
}

function read(folder: string): Versions {
  for (const name of [".venv", "venv"]) {
    const installed = existsSync(join(folder, name, "pyvenv.cfg")) ? installedIn(join(folder, name)) : NOTHING;
    if (installed.size > 0) return installed;
  }
  const names = list(folder);
  for (const [pattern, reader] of READERS)
    for (const name of names.filter((candidate) => pattern.test(candidate)).sort()) {
      const versions = readWith(reader, join(folder, name));
      if (versions.size > 0) return versions;
    }
  return NOTHING;
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** A file that can't be read says nothing: it is somebody else's to complain about. */
function readWith(reader: (text: string) => Versions, path: string): Versions {
  try {
    const text = readFileSync(path, "utf8");
    return text.length > MAX_SIZE ? NOTHING : reader(text);
  } catch {
    return NOTHING;
  }
}
