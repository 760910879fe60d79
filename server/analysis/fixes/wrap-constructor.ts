/** Clipping put around the call that builds an optimizer, for frameworks that compose them. */
import type { OptimizerRef } from "../facts/events.ts";
import type { Facts } from "../facts/facts.ts";
import type { TextEdit } from "../finding.ts";
import type { WrapperSpelling } from "../frameworks/framework.ts";
import { rangeOf } from "../syntax/ast.ts";
import { spell } from "./imports.ts";

export function wrapConstructor(
  facts: Facts,
  { constructors }: OptimizerRef,
  spelling: WrapperSpelling,
  threshold: string,
): TextEdit[] | null {
  const calls = new Map(constructors.map((built) => [built.call, built]));
  const [built] = calls.values();
  if (calls.size !== 1 || !built) return null;
  const spelled = spelling.functions.map((name) => spell(facts, name, built.scope));
  const functions = spelled.flatMap((found) => (found ? [found.name] : []));
  if (functions.length !== spelled.length) return null;
  const range = rangeOf(built.call);
  const optimizer = facts.text.slice(range.start, range.end);
  const imports = spelled.flatMap((found) => (found?.edit ? [found.edit] : [])).slice(0, 1);
  return [...imports, { range, newText: spelling.write({ functions, optimizer, threshold }) }];
}
