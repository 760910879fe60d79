/** Which files hold a log. A job that is resumed has TensorBoard begin another event file in the folder of its run. */
import { readdir, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { BadFile } from "./log-file.ts";

export interface LogSource {
  /** The file; of several, the folder that they lie in. */
  readonly path: string;
  /** In the order in which they were written. */
  readonly files: readonly string[];
  /** What the run is called after: an event file's name is a time, a machine and a process, and says nothing to a reader. */
  readonly named: string;
}

/** As TensorFlow, PyTorch and tensorboardX name them: the time of the start is next, and so their order. */
const EVENT_FILE = /\.tfevents\.\d/;

/**
 * The files of the log that a path names: of an event file, and of a folder, all event files of that folder, since a
 * folder is a run to TensorBoard, and a folder inside of it is another.
 * @throws {BadFile} if there is nothing that can be read
 */
export async function logSourceOf(path: string): Promise<LogSource> {
  // Looked at before it is opened, because a pipe would be waited for.
  const status = await stat(path).catch((error: NodeJS.ErrnoException) => {
    throw new BadFile(
      error.code === "ENOENT" ? `There is no file ${path}.` : `${path} can't be read: ${error.message}`,
    );
  });
  if (status.isFile() && !EVENT_FILE.test(basename(path))) return { path, files: [path], named: path };
  if (!status.isFile() && !status.isDirectory()) throw new BadFile(`${basename(path)} is not a file.`);
  const folder = status.isDirectory() ? path : dirname(path);
  const files = await eventFilesIn(folder);
  if (files.length === 0) throw new BadFile(`${basename(path)} is not a file, and holds no event file of TensorBoard.`);
  return { path: files.length === 1 ? files[0]! : folder, files, named: folder };
}

async function eventFilesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: Error) => {
    throw new BadFile(`${folder} can't be read: ${error.message}`);
  });
  const found = entries.filter((entry) => entry.isFile() && EVENT_FILE.test(entry.name));
  return found.map(({ name }) => join(folder, name)).sort();
}
