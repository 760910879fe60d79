/** Where a statement stands, for fixes that take it away from there. */
import type { TextEdit } from "../finding.ts";
import { type Block, blocksOf, type Statement } from "../syntax/ast.ts";
import { remove } from "./layout.ts";

export interface Place {
  readonly block: Block;
  readonly statement: Statement;
}

/** What goes with a statement: the statement, or the `if args.clip:` around nothing but it. */
export function placeOf(body: Block, statement: Statement): Place | null {
  if (body.includes(statement)) return { block: body, statement };
  for (const outer of body) {
    if (!holds(outer, statement)) continue;
    const lone = outer.kind === "if" && outer.otherwise.length === 0 && outer.body.length === 1;
    if (lone && outer.body[0] === statement) return { block: body, statement: outer };
    for (const inner of blocksOf(outer)) {
      const found = placeOf(inner, statement);
      if (found) return found;
    }
  }
  return null;
}

export function holds(outer: Statement, inner: Statement): boolean {
  return outer.anchor === inner.anchor && outer.start <= inner.start && inner.end <= outer.end;
}

/** Null where nothing would be left of the block. */
export function takeOut(text: string, body: Block, statement: Statement): TextEdit | null {
  const place = placeOf(body, statement);
  return place && place.block.length > 1 ? remove(text, place.statement) : null;
}
