/**
 * A text, its syntax tree and its statements, kept in step. After an edit only the top-level statements that it touched,
 * or whose structure the parser reports as changed, are read out of the tree again.
 */
import { Edit, Language, Parser, type Point, type Tree } from "web-tree-sitter";
import type { TextEdit } from "../finding.ts";
import type { GrammarBytes } from "../index.ts";
import { ELSEWHERE, type SourceText, type Statement } from "./ast.ts";
import { copyNode, type Vocabulary, vocabularyOf } from "./concrete.ts";
import { lowerStatement } from "./lower.ts";

export interface Grammar {
  readonly parser: Parser;
  readonly vocabulary: Vocabulary;
}

let runtime: Promise<void> | undefined;

export async function loadGrammar(bytes: GrammarBytes): Promise<Grammar> {
  runtime ??= Parser.init({ wasmBinary: bytes.runtime });
  await runtime;
  const language = await Language.load(bytes.python);
  const parser = new Parser();
  parser.setLanguage(language);
  return { parser, vocabulary: vocabularyOf(language) };
}

export function hasSyntaxErrors({ parser }: Grammar, text: string): boolean {
  const tree = parser.parse(text);
  const broken = tree?.rootNode.hasError ?? true;
  tree?.delete();
  return broken;
}

export class Document implements SourceText {
  readonly path: string | null;
  readonly base: number;
  #text: string;
  #tree: Tree | null = null;
  #statements: Statement[] = [];
  #current = false;
  readonly #grammar: Grammar;

  constructor(grammar: Grammar, text: string, path: string | null = null) {
    this.#grammar = grammar;
    this.#text = text;
    this.path = path;
    this.base = path === null ? 0 : ELSEWHERE;
  }

  get text(): string {
    return this.#text;
  }

  edit({ range, newText }: TextEdit): void {
    const start = Math.max(0, Math.min(range.start, this.#text.length));
    const oldEnd = Math.max(start, Math.min(range.end, this.#text.length));
    const text = this.#text.slice(0, start) + newText + this.#text.slice(oldEnd);
    const newEnd = start + newText.length;
    if (this.#tree) {
      this.#tree.edit(
        new Edit({
          startIndex: start,
          oldEndIndex: oldEnd,
          newEndIndex: newEnd,
          startPosition: pointAt(this.#text, start),
          oldEndPosition: pointAt(this.#text, oldEnd),
          newEndPosition: pointAt(text, newEnd),
        }),
      );
      // Touching counts as inside: a character typed right after a statement may belong to it.
      this.#statements = this.#statements.filter(({ anchor, end }) => {
        if (anchor.offset + end < start) return true;
        if (anchor.offset <= oldEnd) return false;
        anchor.offset += newEnd - oldEnd;
        return true;
      });
    }
    this.#text = text;
    this.#current = false;
  }

  statements(): readonly Statement[] {
    if (!this.#current) this.#parse();
    return this.#statements;
  }

  /** Whether the parser had to give up somewhere. */
  get hasErrors(): boolean {
    this.statements();
    return this.#tree?.rootNode.hasError ?? false;
  }

  #parse(): void {
    const { parser, vocabulary } = this.#grammar;
    const before = this.#tree;
    const tree = parser.parse(this.#text, before);
    if (!tree) throw new Error("the parser was stopped");
    const changed = before ? before.getChangedRanges(tree) : [];
    before?.delete();
    this.#tree = tree;
    const kept = new Map(this.#statements.map((statement) => [statement.anchor.offset, statement]));
    const statements: Statement[] = [];
    const cursor = tree.walk();
    if (cursor.gotoFirstChild()) {
      do {
        if (vocabulary.types[cursor.nodeTypeId] === "comment") continue;
        const [start, end] = [cursor.startIndex, cursor.endIndex];
        const old = kept.get(start);
        const touched = changed.some((range) => range.startIndex <= end && range.endIndex >= start);
        if (old && old.end === end - start && !touched) statements.push(old);
        else {
          const source = { text: this.#text.slice(start, end), anchor: { offset: start + this.base, source: this } };
          statements.push(lowerStatement(copyNode(cursor, vocabulary, start), source));
        }
      } while (cursor.gotoNextSibling());
    }
    cursor.delete();
    this.#statements = statements;
    this.#current = true;
  }

  dispose(): void {
    this.#tree?.delete();
    this.#tree = null;
    this.#statements = [];
    this.#current = false;
  }
}

function pointAt(text: string, index: number): Point {
  const lineStart = text.lastIndexOf("\n", index - 1) + 1;
  let row = 0;
  for (let at = text.indexOf("\n"); at !== -1 && at < lineStart; at = text.indexOf("\n", at + 1)) row += 1;
  return { row, column: index - lineStart };
}
