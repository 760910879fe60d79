import type { Analyser, Origin, WorkspaceModule } from "../analysis/index.ts";
import type { HubHandle, HubOptions } from "../hub/host.ts";

/** The files around documents that imports may lead to. */
export interface ImportedFiles {
  origin(path: string): Origin;
  /** The interpreter that runs a file, by the user's choice: what is installed there decides what a default means. */
  select(path: string, interpreter: string | null): void;
  /** The folders of the workspace are now these. */
  within(folders: readonly string[]): void;
  /** Nothing is taken from memory without a look at the disk. */
  refresh(): void;
}

/** A file as it lies on the disk. */
export interface SavedText {
  /** Without a byte order mark. */
  readonly text: string;
  /** Unix seconds. */
  readonly modified: number;
  /** SHA-256 of its bytes, in hexadecimal. */
  readonly hash: string;
}

/** What the server needs of the platform it runs on: Node, or a web worker. */
export interface Host {
  /** Globs of the files, besides modules, that change what there is to say. */
  readonly watched: readonly string[];
  /** `grammar`: where the client says that the grammar lies. */
  loadAnalyser(grammar: string | null): Promise<Analyser>;
  /** The text of a document that is not open. Rejects with a message fit for users. */
  readText(uri: string): Promise<string>;
  /** The path of a document that is a file. */
  pathOf(uri: string): string | null;
  uriOf(path: string): string;
  /** null where there is no such file. Rejects with a message fit for users. */
  readTextIfPresent(path: string): Promise<string | null>;
  /** null where there is no such file that can be read at once. */
  savedText(path: string): SavedText | null;
  /** SHA-256 of the text as UTF-8, in hexadecimal. */
  hash(text: string): string;
  /** Whether `uri` and `path`, as the probe reported it, are one file. */
  isFile(uri: string, path: string): boolean;
  /** `open` gives what is in an editor, which goes before the file. */
  importedFiles(folders: readonly string[], open: (path: string) => WorkspaceModule | null): ImportedFiles;
  startHub(options: Omit<HubOptions, "workerFile">): Promise<HubHandle>;
}
