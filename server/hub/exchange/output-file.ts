/** A file that is there whole or not at all: it is written beside its place and put there at the end. */
import { randomUUID } from "node:crypto";
import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { BadFile } from "./log-file.ts";

const PIECE = 256 * 1024;

export class OutputFile {
  private readonly handle: FileHandle;
  private waiting: Buffer[] = [];
  private waitingBytes = 0;

  private constructor(handle: FileHandle) {
    this.handle = handle;
  }

  /**
   * Has the file written by `body`, and replaces what was there. If that fails, all is as it was before.
   * @throws {BadFile} if it can't be written
   */
  static async write(path: string, body: (file: OutputFile) => Promise<void>): Promise<void> {
    const partial = `${path}.${randomUUID().slice(0, 8)}.partial`;
    try {
      const file = new OutputFile(await open(partial, "wx"));
      try {
        await body(file);
        await file.flush();
        await file.handle.sync();
      } finally {
        await file.handle.close();
      }
      await rename(partial, path);
    } catch (error) {
      await rm(partial, { force: true });
      if ((error as NodeJS.ErrnoException).syscall === undefined) throw error;
      throw new BadFile(`${path} can't be written: ${(error as Error).message}`);
    }
  }

  /** Behind what was appended before. */
  async append(data: string | Buffer): Promise<void> {
    const bytes = typeof data === "string" ? Buffer.from(data) : data;
    this.waiting.push(bytes);
    this.waitingBytes += bytes.length;
    if (this.waitingBytes >= PIECE) await this.flush();
  }

  async writeAt(position: number, { buffer, byteOffset, byteLength }: ArrayBufferView): Promise<void> {
    const bytes = Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);
    for (let written = 0; written < byteLength; )
      written += (await this.handle.write(bytes, written, byteLength - written, position + written)).bytesWritten;
  }

  private async flush(): Promise<void> {
    const bytes = Buffer.concat(this.waiting);
    this.waiting = [];
    this.waitingBytes = 0;
    for (let written = 0; written < bytes.length; ) written += (await this.handle.write(bytes, written)).bytesWritten;
  }
}
