/** A log that is read from its beginning to its end, a piece at a time, so that other work gets through. */
import { createHash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import { basename } from "node:path";
import type { LogSource } from "./log-source.ts";

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
  private readonly parts: readonly { readonly path: string; readonly handle: FileHandle }[];
  private readonly signal: AbortSignal;
  private readonly onProgress: (done: number) => void;
  private readonly hash = createHash("sha256");
  private readonly marks = new Map<number, string | null>();
  /** The line given last has no end: nothing comes after it. */
  isAtEnd = false;

  /** Which of its files the piece given last is of. */
  part = 0;

  private constructor(
    path: string,
    parts: LogFile["parts"],
    stats: readonly { size: number; mtimeMs: number }[],
    signal: AbortSignal,
    onProgress: (done: number) => void,
  ) {
    this.path = path;
    this.parts = parts;
    this.size = stats.reduce((sum, { size }) => sum + size, 0);
    this.changedAt = Math.max(...stats.map(({ mtimeMs }) => mtimeMs)) / 1000;
    this.signal = signal;
    this.onProgress = onProgress;
  }

  /** `onProgress` is told the share that was read. @throws {BadFile} if it can't be read or holds nothing */
  static async open(
    { path, files }: LogSource,
    signal: AbortSignal,
    onProgress: (done: number) => void,
  ): Promise<LogFile> {
    const parts: { path: string; handle: FileHandle }[] = [];
    try {
      for (const file of files) parts.push({ path: file, handle: await open(file, "r") });
      const stats = await Promise.all(parts.map(({ handle }) => handle.stat()));
      const opened = new LogFile(path, parts, stats, signal, onProgress);
      if (opened.size === 0) throw new BadFile(`${basename(path)} is empty.`);
      return opened;
    } catch (error) {
      for (const { handle } of parts) await handle.close();
      if (error instanceof BadFile) throw error;
      throw new BadFile(`${path} can't be read: ${(error as Error).message}`);
    }
  }

  get name(): string {
    return basename(this.path);
  }

  /** Of the file that the piece given last is of. */
  get partName(): string {
    return basename(this.parts[this.part]!.path);
  }

  /** Bytes that were read; more than `size` where it has grown meanwhile. */
  taken = 0;

  /** Of what was read, one file behind the other, which is all of it once it was read to its end. */
  get digest(): string {
    return this.hash.copy().digest("hex");
  }

  /** Reads all of it for nothing else. */
  async digestOfAll(): Promise<string> {
    for await (const _ of this.pieces());
    return this.digest;
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
    for (const { handle } of this.parts) {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, 0);
      if (bytesRead > 0) return buffer.subarray(0, bytesRead);
    }
    return Buffer.alloc(0);
  }

  /** @throws {DOMException} when it was cancelled */
  async *pieces(): AsyncGenerator<Buffer> {
    for (const [part, { handle }] of this.parts.entries())
      for (let position = 0; ; ) {
        this.signal.throwIfAborted();
        const { buffer, bytesRead } = await handle.read(Buffer.alloc(PIECE), 0, PIECE, position);
        if (bytesRead === 0) break;
        position += bytesRead;
        this.part = part;
        const piece = buffer.subarray(0, bytesRead);
        this.note(piece);
        yield piece;
      }
  }

  private note(piece: Buffer): void {
    for (const size of this.marks.keys())
      if (size > this.taken && size <= this.taken + piece.length)
        this.marks.set(
          size,
          this.hash
            .copy()
            .update(piece.subarray(0, size - this.taken))
            .digest("hex"),
        );
    this.hash.update(piece);
    this.taken += piece.length;
    this.onProgress(Math.min(1, this.taken / this.size));
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

  async close(): Promise<void> {
    for (const { handle } of this.parts) await handle.close();
  }
}

function withoutReturn(line: Buffer): string {
  return (line.at(-1) === 0x0d ? line.subarray(0, -1) : line).toString();
}
