import { resolve } from "node:path";
import { buffer } from "node:stream/consumers";
import type { Analyser } from "../analysis/index.ts";
import { decodeSource, encodeSource, SourceError } from "../files/source.ts";
import { excluded } from "./discover.ts";
import { examine } from "./examine.ts";
import type { LintArguments } from "./lint-options.ts";
import type { Report } from "./report.ts";
import type { Settings } from "./settings.ts";

/** Lints standard input. With `--fix` the fixed source goes to standard output, as filters do. */
export async function lintStdin(options: LintArguments, settings: Settings, analyser: Analyser): Promise<Report> {
  const nothing: Report = { files: [], linted: [], rules: analyser.rules, problems: [], baselined: 0 };
  const name = options.stdinFilename ?? "-";
  try {
    const source = decodeSource(await buffer(process.stdin));
    if (options.forceExclude && (await excluded(resolve(name), settings))) {
      if (options.fix) process.stdout.write(encodeSource(source));
      return nothing;
    }
    const filename = name === "-" ? name : resolve(name);
    const { report, content } = examine(source.text, filename, await settings.of(resolve(name)), options, analyser);
    if (options.fix) process.stdout.write(encodeSource({ ...source, text: content }));
    return { ...nothing, files: [report], linted: [filename] };
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    process.stderr.write(`gradsight: ${name}: ${error.message}\n`);
    return { ...nothing, problems: [{ path: name, message: error.message }] };
  }
}
