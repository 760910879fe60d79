import type { Importable } from "../../../protocol/exchange.ts";
import { Breath } from "../runs/breath.ts";
import { columnRoles } from "./column-roles.ts";
import { BadFile, LogFile } from "./log-file.ts";
import type { About } from "./log-format.ts";
import { logSourceOf } from "./log-source.ts";
import { formatOf } from "./read/index.ts";
import { isPlaceName } from "./read/step-columns.ts";

/** More are no list to choose from. */
const MOST_NAMES = 10_000;
const LONGEST_NAME = 1024;

/** Reads the file to its end for the names of what it logs. @throws {BadFile} */
export async function inspect(
  path: string,
  signal: AbortSignal,
  onProgress: (done: number) => void,
): Promise<Importable> {
  const file = await LogFile.open(await logSourceOf(path), signal, onProgress);
  try {
    const format = await formatOf(file);
    const about: About = {};
    const names = new Set<string>();
    const breath = new Breath(signal);
    for await (const entry of format.rows(file, about)) {
      if ("values" in entry)
        for (const name in entry.values) if (names.size < MOST_NAMES && name.length <= LONGEST_NAME) names.add(name);
      await breath.taken();
    }
    const logged = [...names].filter((name) => !isPlaceName(name));
    if (logged.length === 0) throw new BadFile(`${file.name} holds no numbers of a training's steps.`);
    return { format: format.id, names: logged.sort(), ...columnRoles(logged) };
  } finally {
    await file.close();
  }
}
