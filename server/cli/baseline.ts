/** Findings that were there before: kept in a file, found again by rule, path and the text of their line, and not reported. */
import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { list, object, record, ShapeError, text, whole } from "../../protocol/shape.ts";
import type { Finding } from "../analysis/index.ts";
import { SourceError, writeAtomically } from "../files/source.ts";
import { readTextFile } from "../files/text-file.ts";
import { lineOf, pathFrom } from "./fingerprint.ts";
import type { FileReport, Report } from "./report.ts";

const VERSION = 1;
const shape = object({
  version: whole,
  findings: record(list(object({ rule: text(), line: text(1 << 20), count: whole }))),
});

/** How often each (rule, line) is known, by path from the baseline's folder. */
type Counts = Map<string, Map<string, number>>;

export class Baseline {
  readonly #file: string;
  readonly #folder: string;
  readonly #known: Counts;

  private constructor(file: string, known: Counts) {
    this.#file = file;
    this.#folder = dirname(resolve(file));
    this.#known = known;
  }

  /** @throws {SourceError} when there is none, unless it is about to be written, or when it can't be read */
  static async read(file: string, forWriting: boolean): Promise<Baseline> {
    if (!existsSync(file)) {
      if (forWriting) return new Baseline(file, new Map());
      throw new SourceError(`--baseline ${file}: no such file; --write-baseline creates it from what is found now`);
    }
    try {
      return new Baseline(file, parse(await readTextFile(file)));
    } catch (error) {
      if (!(error instanceof SourceError)) throw error;
      throw new SourceError(`--baseline ${file}: ${error.message}`);
    }
  }

  /** The report without what is known, and how many known findings of the linted files are found no more. */
  without(report: Report): { readonly report: Report; readonly gone: number } {
    let baselined = 0;
    const read = this.#read(report);
    const left: Counts = new Map(
      [...this.#known].filter(([path]) => read.has(path)).map(([path, counts]) => [path, new Map(counts)]),
    );
    const files = report.files.map((file) => {
      const counts = left.get(this.#path(file));
      const findings = file.findings.filter((finding) => {
        const key = keyOf(finding, file);
        const count = counts?.get(key) ?? 0;
        if (count > 0) counts!.set(key, count - 1);
        return count === 0;
      });
      baselined += file.findings.length - findings.length;
      return { ...file, findings };
    });
    const gone = [...left.values()].flatMap((counts) => [...counts.values()]).reduce((sum, count) => sum + count, 0);
    return { report: { ...report, files, baselined }, gone };
  }

  /** Takes what is found now as known; what is known of files that were not linted stays. Returns how many are known. */
  async write(report: Report): Promise<number> {
    const read = this.#read(report);
    const counts: Counts = new Map(
      [...this.#known].filter(([path]) => !read.has(path) && existsSync(resolve(this.#folder, path))),
    );
    for (const file of report.files)
      for (const finding of file.findings) {
        const path = this.#path(file);
        const own = counts.get(path) ?? new Map<string, number>();
        counts.set(path, own);
        own.set(keyOf(finding, file), (own.get(keyOf(finding, file)) ?? 0) + 1);
      }
    try {
      await writeAtomically(this.#file, Buffer.from(format(counts)));
    } catch (error) {
      throw new SourceError(`--baseline ${this.#file}: ${(error as Error).message}`);
    }
    return [...counts.values()].flatMap((own) => [...own.values()]).reduce((sum, count) => sum + count, 0);
  }

  /** The paths of the files that were looked at. */
  #read({ linted, problems }: Report): ReadonlySet<string> {
    const unread = new Set(problems.map(({ path }) => path));
    return new Set(linted.filter((path) => !unread.has(path)).map((path) => pathFrom(this.#folder, path)));
  }

  #path({ filename }: FileReport): string {
    return pathFrom(this.#folder, filename);
  }
}

const keyOf = (finding: Finding, { text }: FileReport) => JSON.stringify([finding.rule, lineOf(text, finding)]);

function parse(content: string): Counts {
  try {
    const { version, findings } = shape(JSON.parse(content));
    if (version !== VERSION) throw new SourceError(`is of version ${version}, and only ${VERSION} can be read`);
    return new Map(
      Object.entries(findings).map(([path, entries]) => [
        path,
        new Map(entries.map(({ rule, line, count }) => [JSON.stringify([rule, line]), count])),
      ]),
    );
  } catch (error) {
    if (error instanceof SyntaxError) throw new SourceError(`is not valid JSON: ${error.message}`);
    if (error instanceof ShapeError) throw new SourceError(`is no baseline: ${error.message}`);
    throw error;
  }
}

/** Sorted, and one finding a line, so that changes of it can be read and merged. */
function format(counts: Counts): string {
  const files = [...counts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([path, own]) => {
      const entries = [...own]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, count]) => {
          const [rule, line] = JSON.parse(key);
          return `      ${JSON.stringify({ rule, line, count })}`;
        });
      return `    ${JSON.stringify(path)}: [\n${entries.join(",\n")}\n    ]`;
    });
  const findings = files.length === 0 ? "{}" : `{\n${files.join(",\n")}\n  }`;
  return `{\n  "version": ${VERSION},\n  "findings": ${findings}\n}\n`;
}
