/** Clipping put around the call that builds an optimizer, or in front of what it chains. */
import type { OptimizerRef } from "../facts/events/events.ts";
import { type Facts, sourceOf } from "../facts/facts.ts";
import type { TextEdit } from "../finding.ts";
import type { WrapperSpelling } from "../frameworks/spelling.ts";
import { rangeOf } from "../syntax/ast.ts";
import { prependArgument } from "./append.ts";
import { defineHelper } from "./define-helper.ts";
import { spell } from "./imports.ts";

export function wrapConstructor(
  facts: Facts,
  { wholes }: OptimizerRef,
  spelling: WrapperSpelling,
  threshold: string,
): TextEdit[] | null {
  const calls = new Map(wholes.map((whole) => [whole.call, whole]));
  const [whole] = calls.values();
  // What a factory returned keeps state that the script may read by name (`inject_hyperparams(adam)(lr)`).
  if (calls.size !== 1 || !whole || whole.call.callee.kind === "call") return null;
  const spelled = spelling.functions.map((named) =>
    typeof named === "string" ? spell(facts, named, whole.scope) : defineHelper(facts, named, whole.scope, threshold),
  );
  const functions = spelled.flatMap((found) => (found ? [found.name] : []));
  if (functions.length !== spelled.length) return null;
  // The last is what clips: where it is defined, all that it needs is imported with it.
  const imports = spelled.flatMap((found) => (found?.edit ? [found.edit] : [])).slice(-1);
  const { call, inOrder } = whole;
  const first = inOrder ? prependArgument(facts.text, call, spelling.first({ functions, threshold })) : null;
  const optimizer = sourceOf(facts, call);
  return [...imports, first ?? { range: rangeOf(call), newText: spelling.write({ functions, optimizer, threshold }) }];
}
