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

export const isFull = (error: unknown): boolean => codeOf(error) === CODES.full;

/** A sentence or more, of an error of the store in `file`. */
export function troubleOf(error: unknown, file: string): string {
  const { message } = error as Error;
  switch (codeOf(error)) {
    case CODES.full:
      return `The disk of ${file} is full. Free some space, or delete runs.`;
    case CODES.busy:
      return `Another program holds ${file} locked. Close it, or other windows that have this folder open.`;
    case CODES.readOnly:
    case CODES.canNotOpen:
      return `${file} can't be written to (${message}). Make it and its folder writable.`;
    case CODES.io:
      return `${file} can't be read or written (${message}). See whether its disk is full or was taken away.`;
    case CODES.corrupt:
    case CODES.notADatabase:
      return `${file} is damaged (${message}). Reload the window: it is then set aside, and a new store begun.`;
    default:
      return `The store of runs, ${file}, could not be read or written: ${message}.`;
  }
}
