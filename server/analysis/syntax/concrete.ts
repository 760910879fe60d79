/** Copies a subtree out of the wasm heap in one walk: reading nodes one property at a time from there is what costs. */
import type { Language, TreeCursor } from "web-tree-sitter";

export interface ConcreteNode {
  readonly type: string;
  readonly field: string | null;
  /** Relative to the top-level statement. */
  readonly start: number;
  readonly end: number;
  readonly children: readonly ConcreteNode[];
}

/** What the walk needs to know of the grammar, by number. */
export interface Vocabulary {
  readonly types: readonly string[];
  readonly fields: readonly (string | null)[];
  readonly named: readonly boolean[];
}

export function vocabularyOf(language: Language): Vocabulary {
  return {
    types: language.types,
    fields: language.fields,
    named: language.types.map((_, id) => language.nodeTypeIsNamed(id)),
  };
}

/** The node under the cursor with its named children, and the unnamed ones that fill a field (operators). */
export function copyNode(cursor: TreeCursor, words: Vocabulary, base: number): ConcreteNode {
  const id = cursor.nodeTypeId;
  const node = {
    type: words.types[id] ?? "ERROR",
    field: words.fields[cursor.currentFieldId] ?? null,
    start: cursor.startIndex - base,
    end: cursor.endIndex - base,
    children: [] as ConcreteNode[],
  };
  if (cursor.gotoFirstChild()) {
    do {
      // ERROR nodes have a number outside the table; comments are read from the text.
      const child = cursor.nodeTypeId;
      if (words.types[child] === "comment") continue;
      if (words.named[child] !== false || cursor.currentFieldId !== 0)
        node.children.push(copyNode(cursor, words, base));
    } while (cursor.gotoNextSibling());
    cursor.gotoParent();
  }
  return node;
}
