/** Where documents lie, for their imports to be followed: into other open documents first, then into files. */
import type { Origin, WorkspaceModule } from "../analysis/index.ts";
import type { OpenDocument } from "./document.ts";
import type { Host, ImportedFiles } from "./host.ts";

export class ImportedModules {
  readonly #host: Host;
  readonly #files: ImportedFiles;
  readonly #folders: Set<string>;
  readonly #open = new Map<string, OpenDocument>();
  readonly #origins = new Map<string, Origin>();

  /** `folders`: those of the workspace. A document outside of them may import what its repository holds. */
  constructor(host: Host, folders: readonly string[]) {
    this.#host = host;
    this.#folders = new Set(folders);
    this.#files = host.importedFiles(this.#paths, (path) => this.#openAt(path));
  }

  /** Folders were added to the workspace, and others taken out. */
  foldersChanged(added: readonly string[], removed: readonly string[]): void {
    for (const uri of removed) this.#folders.delete(uri);
    for (const uri of added) this.#folders.add(uri);
    this.#files.within(this.#paths);
  }

  get #paths(): string[] {
    return [...this.#folders].flatMap((uri) => this.#host.pathOf(uri) ?? []);
  }

  /** Undefined for a document that is no file. */
  originOf(uri: string): Origin | undefined {
    let origin = this.#origins.get(uri);
    const path = origin ? null : this.#host.pathOf(uri);
    if (path !== null) {
      origin = this.#files.origin(path);
      this.#origins.set(uri, origin);
    }
    return origin;
  }

  select(path: string, interpreter: string | null): void {
    this.#files.select(path, interpreter);
  }

  opened(document: OpenDocument): void {
    const origin = this.originOf(document.uri);
    if (origin) this.#open.set(origin.path, document);
  }

  closed(uri: string): void {
    const origin = this.#origins.get(uri);
    if (origin) this.#open.delete(origin.path);
    this.#origins.delete(uri);
  }

  /** Of an imported module: the client's own where it has the module open. */
  uriOf(path: string): string {
    return this.#open.get(path)?.uri ?? this.#host.uriOf(path);
  }

  /** Files may have changed. */
  refresh(): void {
    this.#files.refresh();
  }

  #openAt(path: string): WorkspaceModule | null {
    return this.#open.get(path)?.imported(path) ?? null;
  }
}
