/** The Python modules on the disk, for the analyser to follow imports into; open documents go before their files. */
import { existsSync, readFileSync, realpathSync, type Stats, statSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Origin, Workspace, WorkspaceModule } from "../analysis/index.ts";
import { isWithin, modulePath } from "./module-path.ts";
import { decodeSource } from "./source.ts";

/** Larger files are generated, and not worth a keystroke's time. */
const MAX_BYTES = 512 * 1024;
/** Characters of the modules whose texts are kept: the last used ones. */
const MAX_KEPT = 32_000_000;

export interface WorkspaceOptions {
  /** The folder that a file's imports may lead to, and not beyond. */
  readonly rootOf: (path: string) => string;
  /** The text of a file that is open in an editor. */
  readonly open?: (path: string) => WorkspaceModule | null;
}

interface Kept {
  readonly module: WorkspaceModule | null;
  readonly size: number;
  readonly changed: number;
  /** When it was last compared with the disk. */
  checked: number;
}

export class FileWorkspace implements Workspace {
  readonly #options: WorkspaceOptions;
  readonly #kept = new Map<string, Kept>();
  /** Where the modules of each name lie, by the path of the module that imports them. */
  readonly #resolved = new Map<string, Map<string, string | null>>();
  /** The same for absolute names, which all modules of a folder share. */
  readonly #paths = new Map<string, string | null>();
  readonly #exists = new Map<string, boolean>();
  readonly #roots = new Map<string, string>();
  readonly #stamps = new Map<string, string>();
  #length = 0;
  #time = 0;

  constructor(options: WorkspaceOptions) {
    this.#options = options;
  }

  /** Where a file lies, links resolved: one file is one module. */
  origin(path: string): Origin {
    return { path: realPath(path), workspace: this };
  }

  /** The modules that were imported since {@link forgetImported}, each with the stamp of its file as it was read. */
  get imported(): ReadonlyMap<string, string> {
    return this.#stamps;
  }

  forgetImported(): void {
    this.#stamps.clear();
  }

  /** Something on the disk may have changed: nothing is taken from memory without a look. */
  refresh(): void {
    this.#time += 1;
    this.#resolved.clear();
    this.#paths.clear();
    this.#exists.clear();
    this.#roots.clear();
  }

  resolve(name: string, from: string): WorkspaceModule | null {
    let resolved = this.#resolved.get(from);
    if (!resolved) {
      resolved = new Map();
      this.#resolved.set(from, resolved);
    }
    let path = resolved.get(name);
    if (path === undefined) {
      path = this.#locate(name, from);
      resolved.set(name, path);
    }
    return path === null ? null : (this.#options.open?.(path) ?? this.#read(path));
  }

  file(path: string, from: string): WorkspaceModule | null {
    const root = realPath(this.#options.rootOf(from));
    for (const folder of [dirname(from), root]) {
      const at = realPath(join(folder, path));
      if (isWithin(at, root) && stats(at)?.isFile()) return this.#options.open?.(at) ?? this.#read(at);
    }
    return null;
  }

  #locate(name: string, from: string): string | null {
    const key = `${name.startsWith(".") ? from : dirname(from)}\0${name}`;
    let path = this.#paths.get(key);
    if (path === undefined) {
      path = this.#find(name, from);
      this.#paths.set(key, path);
    }
    return path;
  }

  #find(name: string, from: string): string | null {
    const folder = dirname(from);
    let root = this.#roots.get(folder);
    if (root === undefined) {
      root = realPath(this.#options.rootOf(from));
      this.#roots.set(folder, root);
    }
    const found = modulePath(name, from, root, (path) => this.#isFile(path));
    if (found === null) return null;
    const path = realPath(found);
    return isWithin(path, root) ? path : null;
  }

  #isFile(path: string): boolean {
    let known = this.#exists.get(path);
    if (known === undefined) {
      known = stats(path)?.isFile() ?? false;
      this.#exists.set(path, known);
    }
    return known;
  }

  #read(path: string): WorkspaceModule | null {
    const kept = this.#kept.get(path);
    if (kept) {
      this.#kept.delete(path);
      this.#kept.set(path, kept);
    }
    if (kept?.checked === this.#time) return kept.module;
    const now = stats(path);
    this.#stamps.set(path, stampOf(now));
    const [size, changed] = [now?.size ?? -1, now?.mtimeMs ?? -1];
    const same = kept && kept.size === size && kept.changed === changed;
    const module = same ? kept.module : size >= 0 && size <= MAX_BYTES ? read(path) : null;
    const known = module && kept?.module?.text === module.text ? kept.module : module;
    this.#keep(path, { module: known, size, changed, checked: this.#time });
    return known;
  }

  #keep(path: string, kept: Kept): void {
    this.#length += lengthOf(kept) - lengthOf(this.#kept.get(path));
    this.#kept.set(path, kept);
    for (const [oldest, dropped] of this.#kept) {
      if (this.#length <= MAX_KEPT) break;
      this.#length -= lengthOf(dropped);
      this.#kept.delete(oldest);
    }
  }
}

const lengthOf = (kept: Kept | undefined) => kept?.module?.text.length ?? 0;

/** The repository that a file lies in. */
export function repositoryOf(path: string): string | null {
  for (let at = dirname(path); ; at = dirname(at)) {
    if (existsSync(join(at, ".git"))) return at;
    if (dirname(at) === at) return null;
  }
}

/** Another one after each change of a file. */
export const stampOf = (found: Stats | null | undefined): string => `${found?.mtimeMs}:${found?.size}:${found?.ino}`;

function stats(path: string): Stats | null {
  try {
    return statSync(path, { throwIfNoEntry: false }) ?? null;
  } catch {
    return null;
  }
}

function read(path: string): WorkspaceModule | null {
  try {
    return { path, text: decodeSource(readFileSync(path)).text };
  } catch {
    return null;
  }
}

function realPath(path: string): string {
  try {
    return realpathSync.native(path);
  } catch {
    return path;
  }
}
