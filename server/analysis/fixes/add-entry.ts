/** Clipping asked for by one more entry of the dictionary that a framework is given as its configuration. */
import type { OptimizerRef } from "../facts/events/events.ts";
import type { Facts } from "../facts/facts.ts";
import { asDisplay } from "../facts/values/value.ts";
import type { TextEdit } from "../finding.ts";
import type { EntrySpelling } from "../frameworks/spelling.ts";
import { type Call, type Expression, rangeOf } from "../syntax/ast.ts";
import { argumentOf } from "../syntax/call.ts";
import { appendArgument, appendEntry } from "./append.ts";

export function addEntry(
  { values, text, names }: Facts,
  { node, frame, scope, opaque }: OptimizerRef,
  { configuration, key }: EntrySpelling,
  threshold: string,
): TextEdit[] | null {
  // Its entries can't all be seen.
  if (opaque) return null;
  const [made, another] = values.evaluate(node, frame, scope);
  if (made?.kind !== "external" || !made.call || another) return null;
  const given = argumentOf(made.call, configuration.position, configuration.keyword);
  // What `config.update(more)` fills in wins.
  const filled = names.calls.get("update") ?? [];
  if (filled.some(({ call }) => given && isOn(call, given.value))) return null;
  const [value, other] = given?.stars === 0 ? values.evaluate(given.value, made.frame, made.scope).map(asDisplay) : [];
  if (value?.kind !== "elements" || !value.node || other) return null;
  const [first] = value.items ?? [];
  if (!first || !values.imports.isHere(first.scope)) return null;
  // It is there, and switched off.
  const there = value.items?.[value.keys?.indexOf(key) ?? -1];
  if (there) return [{ range: rangeOf(there.node), newText: threshold }];
  const edit =
    value.node.kind === "dict"
      ? appendEntry(text, value.node, `"${key}": ${threshold}`)
      : value.node.kind === "call" && appendArgument(text, value.node, `${key}=${threshold}`);
  return edit ? [edit] : null;
}

const isOn = ({ callee }: Call, node: Expression): boolean =>
  callee.kind === "attribute" && callee.object.kind === "name" && node.kind === "name" && callee.object.id === node.id;
