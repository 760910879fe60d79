import type { Importable } from "../../../protocol/exchange.ts";
import { Breath } from "../runs/breath.ts";
import type { Store } from "../store/store.ts";
import { CHECKING, importsOf } from "./known-log.ts";
import { BadFile, LogFile } from "./log-file.ts";
import type { About } from "./log-format.ts";
import { logSourceOf } from "./log-source.ts";
import { LoggedNames } from "./logged-names.ts";
import { formatOf } from "./read/index.ts";

/**
 * Reads the file to its end for the names of what it logs. One that was imported as its names told is known, and only those of
 * what was taken are given. @throws {BadFile}
 */
export async function inspect(
  store: Store,
  path: string,
  signal: AbortSignal,
  onProgress: (done: number) => void,
): Promise<Importable> {
  const log = await logSourceOf(path);
  const before = await importsOf(store, log, signal, (done) => onProgress(CHECKING * done));
  for (const { source } of before) {
    const { format, columns, told } = source!;
    // Without a norm the user is asked for it, among all names.
    if (told && columns.norm_pre !== undefined)
      return { format, names: Object.values(columns).sort(), columns, norms: [] };
  }
  const file = await LogFile.open(log, signal, (done) => onProgress(CHECKING + (1 - CHECKING) * done));
  try {
    const format = await formatOf(file);
    const about: About = {};
    const names = new LoggedNames();
    const breath = new Breath(signal);
    for await (const entry of format.rows(file, about)) {
      if ("values" in entry) names.note(entry.values);
      await breath.taken();
    }
    const { list, roles } = names;
    if (list.length === 0) throw new BadFile(`${file.name} holds no numbers of a training's steps.`);
    return { format: format.id, names: list, ...roles };
  } finally {
    await file.close();
  }
}
