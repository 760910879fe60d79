/** What of a folder can be imported. Programs keep a folder for each run, and give their logs names of their own in it. */
import { readdir } from "node:fs/promises";
import { join, relative } from "node:path";

/** Folders that are looked into: somebody may choose all of a disk. */
const MOST_FOLDERS = 2000;
const DEEPEST = 6;

const EVENT_FILE = /\.tfevents\.\d/;
/** Hugging Face's, Lightning's and W&B's. A file of JSON Lines may as well be a data set: its name doesn't tell. */
const LOG_FILE = /^trainer_state\.json$|^metrics\.csv$|\.wandb$/;

export interface FoundLog {
  /** Of event files, which are one run, the folder that they lie in. */
  readonly path: string;
  /** Its folder as seen from the one that was chosen; "." for that one. */
  readonly folder: string;
  /** The name of its file; null of event files. */
  readonly file: string | null;
}

/**
 * The logs in a folder and the folders inside of it, the nearest first. What can't be read is passed over.
 * @throws {Error} if the folder itself can't be read
 */
export async function logsIn(chosen: string): Promise<FoundLog[]> {
  const found: FoundLog[] = [];
  let folders = [chosen];
  let left = MOST_FOLDERS;
  for (let depth = 0; depth <= DEEPEST && folders.length > 0; depth += 1) {
    const inside: string[] = [];
    for (const folder of folders.slice(0, left)) {
      const { logs, further } = await lookInto(folder, folder === chosen);
      const where = relative(chosen, folder) || ".";
      found.push(...logs.map((file) => ({ path: file === null ? folder : join(folder, file), folder: where, file })));
      inside.push(...further);
    }
    left = Math.max(0, left - folders.length);
    folders = inside;
  }
  return found;
}

async function lookInto(folder: string, isChosen: boolean): Promise<{ logs: FoundLog["file"][]; further: string[] }> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error) => {
    if (isChosen) throw error;
    return [];
  });
  // Neither settings of programs nor what they installed.
  const further = entries.filter(
    (entry) => entry.isDirectory() && !/^\.|^node_modules$|^site-packages$/.test(entry.name),
  );
  const files = entries.filter((entry) => entry.isFile()).map(({ name }) => name);
  return {
    logs: [
      ...(files.some((name) => EVENT_FILE.test(name)) ? [null] : []),
      ...files.filter((name) => LOG_FILE.test(name)).sort(),
    ],
    further: further.map(({ name }) => join(folder, name)).sort(),
  };
}
