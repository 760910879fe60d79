import type { Analyser } from "../analysis/index.ts";
import { lintOnce } from "./lint-once.ts";
import { parseLintArguments } from "./lint-options.ts";
import { Settings } from "./settings.ts";
import { watch } from "./watch.ts";

/** `gradsight lint` */
export async function lint(args: string[], analyser: Analyser): Promise<number> {
  const options = parseLintArguments(args, analyser.rules);
  if (options.watch) return watch(options, analyser);
  return lintOnce(options, new Settings(options, analyser.rules), analyser);
}
