/**
 * A text, its syntax tree and its statements, kept in step. After an edit only the top-level statements that it touched,
 * or whose structure the parser reports as changed, are read out of the tree again.
 */
import { Edit, Language, Parser, type Point, type Tree, type TreeCursor } from "web-tree-sitter";
import type { TextEdit } from "../finding.ts";
import type { GrammarBytes } from "../index.ts";
import type { SourceText, Statement } from "./ast.ts";
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
  readonly #former = new FormerStatements();
  #current = false;
  readonly #grammar: Grammar;

  /** `imported`: where it stands, for a module that the linted text imports. */
  constructor(grammar: Grammar, text: string, imported: Pick<SourceText, "path" | "base"> = { path: null, base: 0 }) {
    this.#grammar = grammar;
    this.#text = text;
    this.path = imported.path;
    this.base = imported.base;
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
      this.#statements = this.#statements.filter((statement) => {
        const { anchor, end } = statement;
        if (anchor.offset + end < start) return true;
        if (anchor.offset <= oldEnd) {
          this.#former.add(statement);
          return false;
        }
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
    const kept = new Map<number, Statement>();
    for (const statement of this.#statements) {
      const start = statement.anchor.offset;
      const end = start + statement.end;
      if (changed.some((range) => range.startIndex <= end && range.endIndex >= start)) this.#former.add(statement);
      else kept.set(start, statement);
    }
    const statements: Statement[] = [];
    const cursor = tree.walk();
    if (cursor.gotoFirstChild()) {
      do {
        if (vocabulary.types[cursor.nodeTypeId] === "comment") continue;
        const [start, end] = [cursor.startIndex, cursor.endIndex];
        const old = kept.get(start);
        if (old?.end === end - start) {
          kept.delete(start);
          statements.push(old);
        } else statements.push(this.#read(cursor, vocabulary));
      } while (cursor.gotoNextSibling());
    }
    cursor.delete();
    for (const statement of kept.values()) this.#former.add(statement);
    this.#former.keepWithin(2 * this.#text.length);
    this.#statements = statements;
    this.#current = true;
  }

  #read(cursor: TreeCursor, vocabulary: Vocabulary): Statement {
    const start = cursor.startIndex;
    const text = this.#text.slice(start, cursor.endIndex);
    const offset = start + this.base;
    // Without an error it is what it is by its kind and its text.
    const key = cursor.currentNode.hasError ? null : `${cursor.nodeTypeId} ${text}`;
    const former = key === null ? null : this.#former.take(key);
    if (former) {
      former.anchor.offset = offset;
      return former;
    }
    const statement = lowerStatement(copyNode(cursor, vocabulary, start), { text, anchor: { offset, source: this } });
    if (key !== null) this.#former.know(statement, key);
    return statement;
  }

  dispose(): void {
    this.#tree?.delete();
    this.#tree = null;
    this.#statements = [];
    this.#current = false;
  }
}

/** Statements that an edit took away: a quote that is opened swallows what follows, and the next keystroke gives it back. */
class FormerStatements {
  readonly #keys = new WeakMap<Statement, string>();
  readonly #former = new Map<string, Statement>();
  #length = 0;

  /** Only what is known by a key is kept. */
  know(statement: Statement, key: string): void {
    this.#keys.set(statement, key);
  }

  add(statement: Statement): void {
    const key = this.#keys.get(statement);
    if (key === undefined || this.#former.has(key)) return;
    this.#former.set(key, statement);
    this.#length += key.length;
  }

  take(key: string): Statement | null {
    const found = this.#former.get(key);
    if (!found) return null;
    this.#former.delete(key);
    this.#length -= key.length;
    return found;
  }

  /** Forgets the oldest, down to that many characters. */
  keepWithin(length: number): void {
    for (const key of this.#former.keys()) {
      if (this.#length <= length) return;
      this.#former.delete(key);
      this.#length -= key.length;
    }
  }
}

function pointAt(text: string, index: number): Point {
  const lineStart = text.lastIndexOf("\n", index - 1) + 1;
  let row = 0;
  for (let at = text.indexOf("\n"); at !== -1 && at < lineStart; at = text.indexOf("\n", at + 1)) row += 1;
  return { row, column: index - lineStart };
}
