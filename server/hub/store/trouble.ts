/** What is wrong with the store, in words for the user, and what to do. */

/** SQLite's primary result codes, https://www.sqlite.org/rescode.html. */
const CODES = { busy: 5, readOnly: 8, io: 10, corrupt: 11, full: 13, canNotOpen: 14, notADatabase: 26 };

/** SQLite's primary result code; 0 where the error is not SQLite's. */
const codeOf = (error: unknown): number =>
  // The low byte is the primary code, the rest tells variants apart.
  ((error as { errcode?: number }).errcode ?? 0) & 0xff;

export function isDamage(error: unknown): boolean {
  const code = codeOf(error);
  return code === CODES.corrupt || code === CODES.notADatabase;
}

/** What the file system says of a file or folder that can't be changed: its mode, its mount, or a flag that even root must heed. */
const isWriteRefused = (error: unknown): boolean =>
  ["EACCES", "EPERM", "EROFS"].includes((error as NodeJS.ErrnoException).code ?? "");

export const isFull = (error: unknown): boolean => codeOf(error) === CODES.full;

/** A sentence or more, of an error of the store in `file`. */
export function troubleOf(error: unknown, file: string): string {
  const { message } = error as Error;
  if (isWriteRefused(error)) return notWritable(file, message);
  switch (codeOf(error)) {
    case CODES.full:
      return `The disk of ${file} is full. Free some space, or delete runs.`;
    case CODES.busy:
      return `Another program holds ${file} locked. Close it, or other windows that have this folder open.`;
    case CODES.readOnly:
    case CODES.canNotOpen:
      return notWritable(file, message);
    case CODES.io:
      return `${file} can't be read or written (${message}). See whether its disk is full or was taken away.`;
    case CODES.corrupt:
    case CODES.notADatabase:
      return `${file} is damaged (${message}). Reload the window: it is then set aside, and a new store begun.`;
    default:
      return `The store of runs, ${file}, could not be read or written: ${message}.`;
  }
}

const notWritable = (file: string, message: string): string =>
  `${file} can't be written to (${message}). Make it and its folder writable, then reload the window.`;
