/** Python sources as they are on the disk: bytes to text and back without changing a byte that was not edited. */
import { randomBytes } from "node:crypto";
import { chmod, readFile, realpath, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

export interface Source {
  /** Without byte order mark; line ends as they are. */
  readonly text: string;
  readonly encoding: "utf-8" | "latin-1";
  readonly byteOrderMark: boolean;
}

/** The message is fit for users. */
export class SourceError extends Error {}

const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);
/** PEP 263: a coding line stands in the first two lines. */
const CODING = /^(?:[^\n]*\n)?[ \t\f]*#[^\n]*?coding[:=][ \t]*([-\w.]+)/;

/** @throws {SourceError} when the bytes are no text in the encoding that Python would read them in */
export function decodeSource(bytes: Uint8Array): Source {
  const byteOrderMark = BYTE_ORDER_MARK.compare(bytes, 0, Math.min(3, bytes.length)) === 0;
  if (bytes.includes(0)) throw new SourceError("holds NUL bytes: not Python source");
  try {
    // TextDecoder drops the mark itself.
    return { text: new TextDecoder("utf-8", { fatal: true }).decode(bytes), encoding: "utf-8", byteOrderMark };
  } catch {
    const head = Buffer.from(bytes.subarray(0, 400)).toString("latin1");
    const coding = CODING.exec(head)?.[1]?.toLowerCase().replaceAll("_", "-");
    if (coding && /^(latin-?1|iso-?8859-?1|l1)$/.test(coding))
      return { text: Buffer.from(bytes).toString("latin1"), encoding: "latin-1", byteOrderMark: false };
    throw new SourceError(
      coding && !/^utf-?8/.test(coding)
        ? `is encoded in ${coding}, which is not supported; save it as UTF-8`
        : "is not valid UTF-8",
    );
  }
}

/** @throws {SourceError} when `text` has characters that the source's encoding has not */
export function encodeSource({ text, encoding, byteOrderMark }: Source): Uint8Array {
  if (encoding === "latin-1") {
    const bytes = Buffer.from(text, "latin1");
    if (bytes.toString("latin1") !== text) throw new SourceError("the fix has characters that latin-1 has not");
    return bytes;
  }
  const bytes = Buffer.from(text, "utf8");
  return byteOrderMark ? Buffer.concat([BYTE_ORDER_MARK, bytes]) : bytes;
}

/** @throws {SourceError} when the file can't be read or is no text */
export async function readSource(path: string): Promise<Source> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw new SourceError(systemMessage(error));
  }
  return decodeSource(bytes);
}

/** Replaces a file as a whole: who reads it sees the old bytes or the new ones, even if we are killed half-way. */
export async function writeAtomically(path: string, bytes: Uint8Array): Promise<void> {
  // Through a symbolic link, replace what it points to.
  const target = await realpath(path).catch(() => path);
  const existing = await stat(target).catch(() => null);
  const temporary = join(dirname(target), `.${basename(target)}.${randomBytes(6).toString("hex")}.tmp`);
  try {
    // A pipe or a device can't be replaced, only written to.
    if (existing && !existing.isFile()) return await writeFile(target, bytes);
    await writeFile(temporary, bytes, { flag: "wx" });
    if (existing) await chmod(temporary, existing.mode & 0o7777);
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true });
    throw new SourceError(systemMessage(error));
  }
}

/** What went wrong with a file, in words. */
export function systemMessage(error: unknown): string {
  const code = (error as NodeJS.ErrnoException | null)?.code;
  switch (code) {
    case "ENOENT":
      return "no such file or folder";
    case "EACCES":
    case "EPERM":
      return "permission denied";
    case "EISDIR":
      return "is a folder";
    case "ENOSPC":
      return "no space left on the device";
    case "EROFS":
      return "the file system is read-only";
    case "ELOOP":
      return "too many symbolic links";
    default:
      return error instanceof Error ? error.message : String(error);
  }
}
