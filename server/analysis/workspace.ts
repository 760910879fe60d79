/** The modules around the linted text. The caller finds and keeps them; nothing here reads a file. */
import type { Names } from "./facts/names/scope.ts";
import type { VersionRange } from "./version-range.ts";

export interface WorkspaceModule {
  readonly path: string;
  readonly text: string;
}

export interface Workspace {
  /**
   * The module that `from` means by a dotted name (with leading dots where the import is relative), or null. The same
   * object as long as it has the same text: what was worked out for it is kept with it.
   */
  resolve(name: string, from: string): WorkspaceModule | null;
  /** A file that is no module, by its path relative to the folder of `from` or to the root of the workspace. */
  file?(path: string, from: string): WorkspaceModule | null;
}

/** Where a text lies, for its imports to be followed, and what it runs with. */
export interface Origin {
  readonly path: string;
  readonly workspace: Workspace;
  readonly versions?: Versions;
}

/** The versions of a distribution (by its normalised name) that the text may run with; undefined where nothing tells. */
export type Versions = { get(distribution: string): VersionRange | undefined };

/** A module as another one imports it. */
export interface ImportedModule extends WorkspaceModule {
  /** What offsets in it start at, beyond the linted text and every other module. */
  readonly base: number;
  /** By its text, it may train, build an optimizer or change gradients. */
  readonly matters: boolean;
  /** It has all names of some other module. */
  readonly importsAll: boolean;
  /** A name stands somewhere in its text. */
  mentions(name: string): boolean;
  /** By its text, it may have a name from a module that it imports, and doesn't define it. */
  mayPassOn(name: string): boolean;
  /** Parsed when asked for, and perhaps once more when asked for again: these are to be kept. */
  readonly names: Names;
}

/** What facts are told of the modules around. */
export interface Importer {
  readonly path: string;
  module(name: string, from: string): ImportedModule | null;
  /** A file that is no module. */
  file(path: string): WorkspaceModule | null;
  /** The module, of those given, that an offset lies in. */
  moduleAt(offset: number): ImportedModule | null;
}
