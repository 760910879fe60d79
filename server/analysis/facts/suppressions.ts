/** `# gradsight: ignore`, `# gradsight: ignore[rule, rule]` on a line, `# gradsight: ignore-file`, with rules or without. */
import type { TextRange } from "../finding.ts";

export interface Suppression {
  /** From its `#` to what it names. */
  readonly range: TextRange;
  readonly comment: TextRange;
  readonly scope: "line" | "file";
  /** null: every rule. */
  readonly names: readonly string[] | null;
  /** Between the brackets. */
  readonly list: TextRange | null;
}

const DIRECTIVE = /#\s*gradsight:\s*(ignore-file|ignore)(?![\w-])(?:[ \t]*\[([^\]]*)\])?/dg;
/** Strings are matched so that what looks like a comment inside one is none. */
const TOKEN = /("""|''')(?:\\[\s\S]|(?!\1)[^\\])*\1|"(?:\\[\s\S]|[^"\\\r\n])*"|'(?:\\[\s\S]|[^'\\\r\n])*'|#[^\r\n]*/g;

export class Suppressions {
  readonly all: readonly Suppression[];
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
    this.all = text.includes("gradsight:") ? [...read(text)] : [];
  }

  /** Whether the whole file is to be left alone. */
  get file(): boolean {
    return this.all.some(({ scope, names }) => scope === "file" && names === null);
  }

  /** Those that silence a finding: on the first or the last line of what is reported, or for the file. */
  of(rule: string, { start, end }: TextRange): readonly Suppression[] {
    if (this.all.length === 0) return [];
    const lines = [lineStart(this.#text, start), lineStart(this.#text, end)];
    return this.all.filter(
      ({ scope, names, range }) =>
        (names === null || names.includes(rule)) &&
        (scope === "file" || lines.includes(lineStart(this.#text, range.start))),
    );
  }
}

function* read(text: string): Iterable<Suppression> {
  for (const { 0: token, index } of text.matchAll(TOKEN)) {
    if (!token.startsWith("#")) continue;
    for (const { 1: word, 2: names, indices } of token.matchAll(DIRECTIVE)) {
      const at = ([start, end]: [number, number]) => ({ start: index + start, end: index + end });
      const list = indices?.[2];
      yield {
        range: at(indices![0]!),
        comment: { start: index, end: index + token.length },
        scope: word === "ignore-file" ? "file" : "line",
        names:
          names === undefined
            ? null
            : names
                .split(",")
                .map((name) => name.trim())
                .filter(Boolean),
        list: list ? at(list) : null,
      };
    }
  }
}

const lineStart = (text: string, offset: number) =>
  Math.max(text.lastIndexOf("\n", offset - 1), text.lastIndexOf("\r", offset - 1)) + 1;
