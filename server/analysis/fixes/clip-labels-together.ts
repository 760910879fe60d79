/** One clip of all labels' gradients around the call that splits them, in place of one in each part. */
import type { PartClip, Partition } from "../facts/derived/partitions.ts";
import { type Facts, sourceOf } from "../facts/facts.ts";
import type { Scope } from "../facts/names/scope.ts";
import type { TextEdit } from "../finding.ts";
import { type Call, type Expression, isHere, rangeOf } from "../syntax/ast.ts";
import { express } from "./expressions.ts";
import { spell } from "./imports.ts";

/** Null where a part has no clip (the norm of all would count that one too), or something comes before it. */
export function clipLabelsTogether(
  facts: Facts,
  { call, frame, scope, parts, spelling }: Partition,
): TextEdit[] | null {
  const clips = parts.map(({ clip }) => clip);
  const told = clips[0]?.told;
  if (!told?.threshold || !isHere(call)) return null;
  const { threshold } = told;
  const number = threshold.kind === "number" ? sourceOf(facts, threshold) : null;
  const limit = number ?? express(facts, { ...told, node: threshold }, { frame, scope });
  const spelled = spelling.functions.map((name) => (typeof name === "string" ? spell(facts, name, scope) : null));
  const functions = spelled.flatMap((found) => (found && !found.edit ? [found.name] : []));
  const edits = new Map<Call, TextEdit>();
  for (const clip of clips) {
    const edit = clip && takeOut(facts, clip, call, scope);
    if (!edit || !clip.chain) return null;
    edits.set(clip.chain.call, edit);
  }
  if (limit === null || functions.length !== spelled.length) return null;
  const { start, end } = rangeOf(call);
  const [before, after] = spelling.write({ functions, optimizer: "\0", threshold: limit }).split("\0");
  if (before === undefined || after === undefined) return null;
  return [
    ...edits.values(),
    { range: { start, end: start }, newText: before },
    { range: { start: end, end }, newText: after },
  ];
}

/** The chain without its first link, or what is left of it alone. */
function takeOut(facts: Facts, { call, chain }: PartClip, within: Call, scope: Scope): TextEdit | null {
  const [first, next, more] = chain?.links.map(({ argument }) => argument) ?? [];
  if (!chain || first?.value !== call || !next || next.stars !== 0 || !isOnlyFor(facts, chain.call, within, scope))
    return null;
  const removed = { start: rangeOf(first).start, end: rangeOf(next).start };
  // A comment between the two would be lost.
  if (facts.text.slice(rangeOf(first).end, removed.end).includes("#")) return null;
  if (more) return { range: removed, newText: "" };
  return next.keyword === null ? { range: rangeOf(chain.call), newText: sourceOf(facts, next.value) } : null;
}

/** Nothing else uses what this builds: it stands in the call, or behind names that are read once. */
function isOnlyFor(facts: Facts, node: Expression, within: Expression, scope: Scope): boolean {
  if (!isHere(node)) return false;
  if (contains(within, node)) return true;
  for (let at: Scope | null = scope; at; at = at.parent)
    for (const { name, bindings } of at.variables.values()) {
      const [only, another] = bindings;
      if (only?.kind !== "value" || another || !contains(only.value, node)) continue;
      const mentions = facts.text.match(new RegExp(`\\b${name}\\b`, "g")) ?? [];
      return mentions.length === 2;
    }
  return false;
}

function contains(outer: Expression, inner: Expression): boolean {
  const [whole, part] = [rangeOf(outer), rangeOf(inner)];
  return whole.start <= part.start && part.end <= whole.end;
}
