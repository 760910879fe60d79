/** Clipping put around the call that builds an optimizer, or in front of what it chains. */
import type { OptimizerRef, Whole } from "../facts/events.ts";
import type { Facts } from "../facts/facts.ts";
import type { TextEdit } from "../finding.ts";
import type { WrapperSpelling } from "../frameworks/framework.ts";
import { rangeOf } from "../syntax/ast.ts";
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
  const spelled = spelling.functions.map((name) => spell(facts, name, whole.scope));
  const functions = spelled.flatMap((found) => (found ? [found.name] : []));
  if (functions.length !== spelled.length) return null;
  const imports = spelled.flatMap((found) => (found?.edit ? [found.edit] : [])).slice(0, 1);
  return [...imports, edit(facts, whole, spelling, functions, threshold)];
}

function edit(
  { text }: Facts,
  { call, inOrder }: Whole,
  spelling: WrapperSpelling,
  functions: readonly string[],
  threshold: string,
): TextEdit {
  const range = rangeOf(call);
  const [first] = call.arguments;
  if (!inOrder || !first)
    return {
      range,
      newText: spelling.write({ functions, optimizer: text.slice(range.start, range.end), threshold }),
    };
  const { start } = rangeOf(first);
  // On a line of its own where the others are.
  const indent = /\n[ \t]*$/.exec(text.slice(0, start))?.[0];
  const newline = text.includes("\r\n") ? "\r" : "";
  const separator = indent ? `,${newline}${indent}` : ", ";
  return { range: { start, end: start }, newText: spelling.first({ functions, threshold }) + separator };
}
