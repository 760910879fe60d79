/** `# gradsight: ignore`, `# gradsight: ignore[rule, rule]` on a line, `# gradsight: ignore-file` anywhere. */
import type { TextRange } from "../finding.ts";

const COMMENT = /#\s*gradsight:\s*(ignore-file|ignore)(?:\[([\w\s,-]*)\])?/g;

export class Suppressions {
  readonly #lines = new Map<number, ReadonlySet<string> | null>();
  readonly #text: string;
  readonly file: boolean;

  constructor(text: string) {
    this.#text = text;
    let file = false;
    if (text.includes("gradsight:"))
      for (const { 1: word, 2: rules, index } of text.matchAll(COMMENT)) {
        if (word === "ignore-file") file = true;
        else
          this.#lines.set(
            lineStart(text, index),
            rules === undefined ? null : new Set(rules.split(",").map((r) => r.trim())),
          );
      }
    this.file = file;
  }

  /** A comment on the first or the last line of what is reported silences it. */
  covers(rule: string, { start, end }: TextRange): boolean {
    if (this.#lines.size === 0) return false;
    return [lineStart(this.#text, start), lineStart(this.#text, end)].some((line) => {
      const rules = this.#lines.get(line);
      return rules === null || rules?.has(rule) === true;
    });
  }
}

const lineStart = (text: string, offset: number) => text.lastIndexOf("\n", offset - 1) + 1;
