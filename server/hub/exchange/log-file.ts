/** A file that is read from its beginning to its end, a piece at a time, so that other work gets through. */
import { createHash } from "node:crypto";
import { type FileHandle, open, stat } from "node:fs/promises";
import { basename } from "node:path";

const PIECE = 256 * 1024;
/** Beyond any line of a log: what has one isn't one. In bytes. */
const LONGEST_LINE = 16 * 1024 * 1024;
/** What of a file that must be read whole is taken. In bytes. */
const MOST_AT_ONCE = 256 * 1024 * 1024;

/** What is wrong with a file, for the user. */
export class BadFile extends Error {}

export class LogFile {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** Unix seconds of its last change. */
  readonly changedAt: number;
  private readonly handle: FileHandle;
  private readonly signal: AbortSignal;
  private readonly onProgress: (done: number) => void;
  private readonly hash = createHash("sha256");
  private readonly marks = new Map<number, string | null>();
  /** The line given last has no end: nothing comes after it. */
  isAtEnd = false;

  private constructor(
    path: string,
    handle: FileHandle,
    { size, mtimeMs }: { size: number; mtimeMs: number },
    signal: AbortSignal,
    onProgress: (done: number) => void,
  ) {
    this.path = path;
    this.handle = handle;
    this.size = size;
    this.changedAt = mtimeMs / 1000;
    this.signal = signal;
    this.onProgress = onProgress;
  }

  /** `onProgress` is told the share that was read. @throws {BadFile} if there is none that can be read */
  static async open(path: string, signal: AbortSignal, onProgress: (done: number) => void): Promise<LogFile> {
    const unreadable = (error: NodeJS.ErrnoException) => {
      throw new BadFile(
        error.code === "ENOENT" ? `There is no file ${path}.` : `${path} can't be read: ${error.message}`,
      );
    };
    // Before it is opened, because a pipe would be waited for.
    const status = await stat(path).catch(unreadable);
    if (!status.isFile()) throw new BadFile(`${basename(path)} is not a file.`);
    if (status.size === 0) throw new BadFile(`${basename(path)} is empty.`);
    const handle = await open(path, "r").catch(unreadable);
    return new LogFile(path, handle, status, signal, onProgress);
  }

  get name(): string {
    return basename(this.path);
  }

  /** Bytes that were read; more than `size` where it has grown meanwhile. */
  taken = 0;

  /** Of what was read, which is all of it once it was read to its end. */
  get digest(): string {
    return this.hash.copy().digest("hex");
  }

  /** Has the digest taken of what it was when it had so many bytes. */
  mark(size: number): void {
    this.marks.set(size, null);
  }

  /** null where it was never marked or is shorter. */
  digestAt(size: number): string | null {
    return this.marks.get(size) ?? null;
  }

  /** Its first bytes, without reading on from there. */
  async head(length: number): Promise<Buffer> {
    const { buffer, bytesRead } = await this.handle.read(Buffer.alloc(length), 0, length, 0);
    return buffer.subarray(0, bytesRead);
  }

  /** @throws {DOMException} when it was cancelled */
  async *pieces(): AsyncGenerator<Buffer> {
    for (let position = 0; ; ) {
      this.signal.throwIfAborted();
      const { buffer, bytesRead } = await this.handle.read(Buffer.alloc(PIECE), 0, PIECE, position);
      if (bytesRead === 0) return;
      const piece = buffer.subarray(0, bytesRead);
      for (const size of this.marks.keys())
        if (size > position && size <= position + bytesRead)
          this.marks.set(
            size,
            this.hash
              .copy()
              .update(piece.subarray(0, size - position))
              .digest("hex"),
          );
      this.hash.update(piece);
      position += bytesRead;
      this.taken = position;
      this.onProgress(Math.min(1, position / this.size));
      yield piece;
    }
  }

  /** Its lines, without their ends. @throws {BadFile} where a line has no end in sight */
  async *lines(): AsyncGenerator<string> {
    let rest: Buffer[] = [];
    let length = 0;
    for await (const piece of this.pieces()) {
      let from = 0;
      for (let to = piece.indexOf(0x0a); to >= 0; to = piece.indexOf(0x0a, from)) {
        const line = piece.subarray(from, to);
        yield withoutReturn(rest.length === 0 ? line : Buffer.concat([...rest, line]));
        rest = [];
        length = 0;
        from = to + 1;
      }
      rest.push(piece.subarray(from));
      length += piece.length - from;
      if (length > LONGEST_LINE) throw new BadFile(`${this.name} has a line of more than 16 MB; that is no log.`);
    }
    this.isAtEnd = true;
    if (length > 0) yield withoutReturn(Buffer.concat(rest));
  }

  /** @throws {BadFile} if it is too large for that */
  async text(): Promise<string> {
    if (this.size > MOST_AT_ONCE) throw new BadFile(`${this.name} is larger than 256 MB, the most of a JSON file.`);
    const pieces: Buffer[] = [];
    for await (const piece of this.pieces()) pieces.push(piece);
    return Buffer.concat(pieces).toString();
  }

  close(): Promise<void> {
    return this.handle.close();
  }
}

function withoutReturn(line: Buffer): string {
  return (line.at(-1) === 0x0d ? line.subarray(0, -1) : line).toString();
}
