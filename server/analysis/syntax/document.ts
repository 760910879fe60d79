/** A text and its statements, kept in step. It is parsed in pieces, of which an edit changes those that it touches. */
import { Edit, Language, Parser, type Point, type Tree } from "web-tree-sitter";
import type { TextEdit } from "../finding.ts";
import type { GrammarBytes } from "../index.ts";
import type { SourceText, Statement } from "./ast.ts";
import { chunkAt } from "./chunks.ts";
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

/** A piece of the text, which is parsed by itself. */
interface Piece {
  /** In the text. */
  offset: number;
  readonly length: number;
  readonly code: string;
  /** Null until it is parsed. */
  read: Read | null;
}

interface Read {
  /** Of the piece, where the statements are placed. */
  offset: number;
  readonly statements: readonly Statement[];
  /** The parser had to give up somewhere. */
  readonly broken: boolean;
}

export class Document implements SourceText {
  readonly path: string | null;
  readonly base: number;
  #text: string;
  /** Null until they are asked for. */
  #pieces: Piece[] | null = null;
  /** Of the pieces that an edit took away: a quote that is opened swallows what follows, and the next keystroke gives it back. */
  readonly #former = new FormerPieces();
  /** The piece that was parsed last, where that went without an error: while it is typed in, only what changed is parsed again. */
  #parsed: { readonly code: string; readonly tree: Tree } | null = null;
  #statements: readonly Statement[] | null = null;
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
    const newEnd = start + newText.length;
    const shift = newEnd - oldEnd;
    this.#text = this.#text.slice(0, start) + newText + this.#text.slice(oldEnd);
    const before = this.#pieces;
    if (!before) return;
    // Where one begins is told by its first lines, too: the one before the first that is touched may go on in it.
    const touched = before.findIndex(({ offset, length }) => offset + length >= start);
    const first = Math.max(0, touched - 1);
    const kept = new Map(
      before.flatMap((piece, index) => (piece.offset > oldEnd ? [[piece.offset + shift, index]] : [])),
    );
    let rest = before.length;
    const cut = this.#cut(before[first]?.offset ?? 0, (offset) => {
      const index = kept.get(offset);
      if (index !== undefined) rest = index;
      return index !== undefined;
    });
    for (const piece of before.slice(first, rest)) this.#former.add(piece);
    for (const piece of before.slice(rest)) piece.offset += shift;
    for (const piece of cut) piece.read = this.#former.take(piece.code);
    this.#pieces = [...before.slice(0, first), ...cut, ...before.slice(rest)];
    for (const { read, offset } of this.#pieces) if (read) place(read, offset);
    this.#statements = null;
  }

  statements(): readonly Statement[] {
    if (!this.#statements) {
      this.#pieces ??= this.#cut(0, () => false);
      for (const piece of this.#pieces) piece.read ??= this.#read(piece);
      this.#statements = this.#pieces.flatMap(({ read }) => read?.statements ?? []);
      this.#former.keepWithin(2 * this.#text.length);
    }
    return this.#statements;
  }

  /** Whether the parser had to give up somewhere. */
  get hasErrors(): boolean {
    this.statements();
    return this.#pieces?.some(({ read }) => read?.broken) === true;
  }

  /** The pieces of the text from the start of one on, up to its end or to where the rest is known. */
  #cut(from: number, isKnown: (offset: number) => boolean): Piece[] {
    const pieces: Piece[] = [];
    for (let offset = from; offset < this.#text.length && !isKnown(offset); ) {
      const { end, codeEnd } = chunkAt(this.#text, offset);
      pieces.push({ offset, length: end - offset, code: this.#text.slice(offset, codeEnd), read: null });
      offset = end;
    }
    return pieces;
  }

  #read({ code, offset }: Piece): Read {
    const { parser, vocabulary } = this.#grammar;
    const tree = this.#parse(parser, code);
    const statements: Statement[] = [];
    const cursor = tree.walk();
    if (cursor.gotoFirstChild()) {
      do {
        if (vocabulary.types[cursor.nodeTypeId] === "comment") continue;
        const start = cursor.startIndex;
        const text = code.slice(start, cursor.endIndex);
        const anchor = { offset: this.base + offset + start, source: this };
        statements.push(lowerStatement(copyNode(cursor, vocabulary, start), { text, anchor }));
      } while (cursor.gotoNextSibling());
    }
    cursor.delete();
    const broken = tree.rootNode.hasError;
    if (broken) this.#forgetTree();
    return { statements, broken, offset };
  }

  /** An error is read as it would be afresh: what the parser makes of one depends on how it came to it. */
  #parse(parser: Parser, code: string): Tree {
    const before = this.#parsed;
    const change = before && changeBetween(before.code, code);
    if (before && change) {
      before.tree.edit(change);
      const tree = this.#grown(parser.parse(code, before.tree), code);
      if (!tree.rootNode.hasError) return tree;
    }
    return this.#grown(parser.parse(code), code);
  }

  /** Keeps the tree in place of the one before. */
  #grown(tree: Tree | null, code: string): Tree {
    if (!tree) throw new Error("the parser was stopped");
    this.#forgetTree();
    this.#parsed = { code, tree };
    return tree;
  }

  #forgetTree(): void {
    this.#parsed?.tree.delete();
    this.#parsed = null;
  }

  dispose(): void {
    this.#forgetTree();
    this.#pieces = null;
    this.#statements = null;
  }
}

/** What was read before an edit, or elsewhere, stands here now. */
function place(read: Read, offset: number): void {
  for (const { anchor } of read.statements) anchor.offset += offset - read.offset;
  read.offset = offset;
}

class FormerPieces {
  readonly #reads = new Map<string, Read>();
  #length = 0;

  add({ code, read }: Piece): void {
    if (!read || this.#reads.has(code)) return;
    this.#reads.set(code, read);
    this.#length += code.length;
  }

  take(code: string): Read | null {
    const found = this.#reads.get(code);
    if (!found) return null;
    this.#reads.delete(code);
    this.#length -= code.length;
    return found;
  }

  /** Forgets the oldest, down to that many characters. */
  keepWithin(length: number): void {
    for (const code of this.#reads.keys()) {
      if (this.#length <= length) return;
      this.take(code);
    }
  }
}

/** The one edit that leads from a text to another; null where they have little in common. */
function changeBetween(before: string, after: string): Edit | null {
  const most = Math.min(before.length, after.length);
  let start = 0;
  while (start < most && before[start] === after[start]) start += 1;
  if (start > 0 && isHalf(before, start)) start -= 1;
  let same = 0;
  while (same < most - start && before[before.length - 1 - same] === after[after.length - 1 - same]) same += 1;
  if (same > 0 && isHalf(before, before.length - same)) same -= 1;
  if (2 * (start + same) < Math.max(before.length, after.length)) return null;
  const [oldEnd, newEnd] = [before.length - same, after.length - same];
  return new Edit({
    startIndex: start,
    oldEndIndex: oldEnd,
    newEndIndex: newEnd,
    startPosition: pointAt(before, start),
    oldEndPosition: pointAt(before, oldEnd),
    newEndPosition: pointAt(after, newEnd),
  });
}

/** The second half of a character beyond the first 65,536. */
const isHalf = (text: string, at: number) => (text.charCodeAt(at) & 0xfc00) === 0xdc00;

function pointAt(text: string, index: number): Point {
  const lineStart = text.lastIndexOf("\n", index - 1) + 1;
  let row = 0;
  for (let at = text.indexOf("\n"); at !== -1 && at < lineStart; at = text.indexOf("\n", at + 1)) row += 1;
  return { row, column: index - lineStart };
}
