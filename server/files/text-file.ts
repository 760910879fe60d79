import { readFile } from "node:fs/promises";
import { SourceError, systemMessage } from "./source.ts";

/** @throws {SourceError} when the file can't be read or is no UTF-8 */
export async function readTextFile(path: string): Promise<string> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw new SourceError(systemMessage(error), { cause: error });
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new SourceError("is not valid UTF-8");
  }
}

const ABSENT = new Set(["ENOENT", "ENOTDIR", "EISDIR", "EACCES", "EPERM"]);

/** null where there is no such file, or none that we may read. */
export async function readTextIfPresent(path: string): Promise<string | null> {
  try {
    return await readTextFile(path);
  } catch (error) {
    if (ABSENT.has(((error as Error).cause as NodeJS.ErrnoException | undefined)?.code ?? "")) return null;
    throw error;
  }
}
