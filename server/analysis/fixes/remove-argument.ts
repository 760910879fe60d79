import type { TextEdit } from "../finding.ts";
import { type Argument, type Call, rangeOf } from "../syntax/ast.ts";

/** Takes an argument out of a call. Null where that would move another one to its place, or lose a comment. */
export function removeArgument(text: string, call: Call, argument: Argument): TextEdit | null {
  const index = call.arguments.indexOf(argument);
  const previous = call.arguments[index - 1];
  const next = call.arguments[index + 1];
  if (argument.keyword === null && next && next.keyword === null) return null;
  const own = rangeOf(argument);
  const range = {
    start: previous ? rangeOf(previous).end : own.start,
    end: previous || !next ? own.end : rangeOf(next).start,
  };
  return text.slice(range.start, range.end).includes("#") ? null : { range, newText: "" };
}
