/** One more argument of a call, one more entry of a dictionary: after the last, in the layout of the others. */
import type { TextEdit, TextRange } from "../finding.ts";
import { type Call, type ExpressionOf, rangeOf } from "../syntax/ast.ts";
import { newlineOf } from "./layout.ts";

export function appendArgument(text: string, call: Call, argument: string): TextEdit | null {
  const last = call.arguments.at(-1);
  return appendItem(text, rangeOf(call).end - 1, ")", last ? rangeOf(last) : null, argument);
}

/** Before the first, on a line of its own where the others have one. */
export function prependArgument(text: string, { arguments: [first] }: Call, argument: string): TextEdit | null {
  if (!first) return null;
  const { start } = rangeOf(first);
  const indent = /\n[ \t]*$/.exec(text.slice(0, start))?.[0].slice(1);
  const separator = indent === undefined ? " " : newlineOf(text) + indent;
  return { range: { start, end: start }, newText: `${argument},${separator}` };
}

export function appendEntry(text: string, dict: ExpressionOf<"dict">, entry: string): TextEdit | null {
  const last = dict.entries.at(-1);
  const range = last && { start: rangeOf(last.key ?? last.value).start, end: rangeOf(last.value).end };
  return appendItem(text, rangeOf(dict).end - 1, "}", range ?? null, entry);
}

/** `close` is where the bracket stands that ends it all, `last` the item before it. */
export function appendItem(
  text: string,
  close: number,
  bracket: string,
  last: TextRange | null,
  item: string,
): TextEdit | null {
  if (text[close] !== bracket) return null;
  if (!last) return { range: { start: close, end: close }, newText: item };
  const between = text.slice(last.end, close);
  const lineStart = text.lastIndexOf("\n", last.start - 1) + 1;
  const indent = text.slice(lineStart, last.start);
  const hasOwnLine = between.includes("\n") && /^[ \t]*$/.test(indent);
  const separator = hasOwnLine ? newlineOf(text) + indent : " ";
  // A comma that is there already stays the last character.
  const comma = /^\s*,/.exec(between)?.[0];
  const at = last.end + (comma?.length ?? 0);
  return { range: { start: at, end: at }, newText: comma ? `${separator}${item},` : `,${separator}${item}` };
}
