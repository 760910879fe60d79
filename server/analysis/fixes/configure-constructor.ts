/** Clipping asked for by one more argument where an optimizer (or a trainer) is built. */
import type { OptimizerRef, Seen } from "../facts/events/events.ts";
import type { Facts } from "../facts/facts.ts";
import { usesExternal } from "../facts/names/external-names.ts";
import type { Scope } from "../facts/names/scope.ts";
import { seesOptions } from "../facts/values/passed.ts";
import type { TextEdit } from "../finding.ts";
import type { ArgumentSpelling, Helper } from "../frameworks/spelling.ts";
import { type Call, rangeOf } from "../syntax/ast.ts";
import { appendArgument } from "./append.ts";
import { defineHelper } from "./define-helper.ts";
import { type Spelled, spell } from "./imports.ts";

export function configureConstructor(
  facts: Facts,
  { constructors, named }: OptimizerRef,
  spelling: ArgumentSpelling,
  threshold: string,
): TextEdit[] | null {
  if (named) return constructors.length === 0 ? buildNamed(facts, named, spelling, threshold) : null;
  // `PPO(**options)` may say it already.
  if (constructors.some(({ call, frame, scope }) => !seesOptions(facts.values, call, frame, scope))) return null;
  const scope = constructors[0]?.scope;
  const { notWith } = spelling;
  if (notWith && usesExternal(facts.names, notWith)) return null;
  const object = spelling.object && scope ? spellOrDefine(facts, spelling.object, scope, threshold) : null;
  if (spelling.object && !object) return null;
  const given = spelling.value?.(threshold) ?? threshold;
  const value = object ? `${object.name}(${given})` : given;
  // One call may make either of several classes.
  const edits = new Map<string, TextEdit>();
  for (const { call, name } of constructors) {
    // Said already, and perhaps otherwise.
    if (keywordsOf(call).some((keyword) => spelling.also?.[keyword])) return null;
    const edit = configure(facts, call, name, spelling, value);
    if (!edit) return null;
    edits.set(JSON.stringify(edit), edit);
  }
  if (edits.size === 0) return null;
  return object?.edit ? [object.edit, ...edits.values()] : [...edits.values()];
}

function spellOrDefine(facts: Facts, object: string | Helper, scope: Scope, threshold: string): Spelled | null {
  return typeof object === "string" ? spell(facts, object, scope) : defineHelper(facts, object, scope, threshold);
}

function configure(
  { text }: Facts,
  call: Call,
  name: string,
  spelling: ArgumentSpelling,
  value: string,
): TextEdit | null {
  const keyword = spelling.keyword(name, keywordsOf(call));
  if (!keyword) return null;
  // It is there, and switched off.
  const there = call.arguments.find((given) => given.keyword === keyword)?.value;
  const further = Object.entries(spelling.also ?? {}).map(([name, given]) => `, ${name}=${given}`);
  if (there) return { range: rangeOf(there), newText: value + further.join("") };
  return appendArgument(text, call, `${keyword}=${value}${further.join("")}`);
}

const keywordsOf = (call: Call) => call.arguments.flatMap(({ keyword }) => keyword ?? []);

/** `"adam"` becomes the constructor that it names. */
function buildNamed(facts: Facts, named: Seen, spelling: ArgumentSpelling, threshold: string): TextEdit[] | null {
  const { node } = named;
  const qualified = node.kind === "string" ? spelling.named?.(node.value) : null;
  const keyword = qualified && spelling.keyword(qualified, []);
  const spelled = qualified && spell(facts, qualified, named.scope);
  if (!keyword || !spelled) return null;
  const edit = { range: rangeOf(node), newText: `${spelled.name}(${keyword}=${threshold})` };
  return spelled.edit ? [spelled.edit, edit] : [edit];
}
