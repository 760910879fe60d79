/** What a call names and is given. */
import type { Argument, Call, Expression } from "./ast.ts";

/** The name without what it is reached through: `step` for `self.optimizer.step`. */
export const lastPart = (callee: Expression): string =>
  callee.kind === "name" ? callee.id : callee.kind === "attribute" ? callee.name : "";

/** The argument that fills a parameter: by keyword, else by position (counted after `self`). */
export function argumentOf(call: Call, position: number | null, keyword: string | null): Argument | null {
  const named = keyword === null ? undefined : call.arguments.find((argument) => argument.keyword === keyword);
  if (named) return named;
  if (position === null) return null;
  const upTo = call.arguments.slice(0, position + 1);
  if (upTo.some((argument) => argument.stars !== 0)) return null;
  const found = upTo[position];
  return found && found.keyword === null ? found : null;
}
