/** A file system of the web: files that are in memory only. */
import {
  type Disposable,
  EventEmitter,
  type FileChangeEvent,
  FileChangeType,
  type FileStat,
  FileSystemError,
  type FileSystemProvider,
  FileType,
  Uri,
  workspace,
} from "vscode";

const SCHEME = "memfs";

export class MemoryFiles implements FileSystemProvider {
  readonly #changed = new EventEmitter<FileChangeEvent[]>();
  readonly #files = new Map<string, { readonly bytes: Uint8Array; readonly mtime: number }>();
  readonly onDidChangeFile = this.#changed.event;

  register(): Disposable {
    return workspace.registerFileSystemProvider(SCHEME, this);
  }

  uri(path: string): Uri {
    return Uri.from({ scheme: SCHEME, path });
  }

  write(path: string, text: string): void {
    this.writeFile(this.uri(path), new TextEncoder().encode(text));
  }

  stat(uri: Uri): FileStat {
    const file = this.#files.get(uri.path);
    if (file) return { type: FileType.File, ctime: 0, mtime: file.mtime, size: file.bytes.length };
    if (this.readDirectory(uri).length === 0) throw FileSystemError.FileNotFound(uri);
    return { type: FileType.Directory, ctime: 0, mtime: 0, size: 0 };
  }

  readDirectory({ path }: Uri): [string, FileType][] {
    const inside = path.endsWith("/") ? path : `${path}/`;
    const names = [...this.#files.keys()]
      .filter((file) => file.startsWith(inside))
      .map((file) => file.slice(inside.length));
    return [...new Set(names.map((name) => name.split("/")[0]!))].map((name) => [
      name,
      names.includes(name) ? FileType.File : FileType.Directory,
    ]);
  }

  readFile(uri: Uri): Uint8Array {
    const file = this.#files.get(uri.path);
    if (!file) throw FileSystemError.FileNotFound(uri);
    return file.bytes;
  }

  writeFile(uri: Uri, bytes: Uint8Array): void {
    const type = this.#files.has(uri.path) ? FileChangeType.Changed : FileChangeType.Created;
    this.#files.set(uri.path, { bytes, mtime: this.#files.size + 1 });
    this.#changed.fire([{ type, uri }]);
  }

  watch(): Disposable {
    return { dispose() {} };
  }

  createDirectory(): void {}

  delete(uri: Uri): void {
    this.#files.delete(uri.path);
    this.#changed.fire([{ type: FileChangeType.Deleted, uri }]);
  }

  rename(): never {
    throw FileSystemError.NoPermissions();
  }
}
