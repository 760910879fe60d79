/** Clipping asked for by one more argument where an optimizer (or a trainer) is built. */
import type { OptimizerRef, Seen } from "../facts/events.ts";
import type { Facts } from "../facts/facts.ts";
import type { TextEdit } from "../finding.ts";
import type { ArgumentSpelling } from "../frameworks/framework.ts";
import { rangeOf } from "../syntax/ast.ts";
import { appendArgument } from "./append.ts";
import { spell } from "./imports.ts";

export function configureConstructor(
  facts: Facts,
  { constructors, named, configured }: OptimizerRef,
  spelling: ArgumentSpelling,
  threshold: string,
): TextEdit[] | null {
  const calls = new Map(constructors.map(({ call, name }) => [call, name]));
  if (calls.size + (named ? 1 : 0) !== 1) return null;
  if (named) return buildNamed(facts, named, spelling, threshold);
  const [[call, name] = []] = [...calls];
  const keyword = name && spelling.keyword(name);
  if (!call || !keyword) return null;
  // It is there, and switched off.
  const there = configured.find(({ threshold: argument }) =>
    call.arguments.some((given) => given.value === argument && given.keyword === keyword),
  )?.threshold;
  if (there) return [{ range: rangeOf(there), newText: threshold }];
  const edit = appendArgument(facts.text, call, `${keyword}=${spelling.value?.(threshold) ?? threshold}`);
  return edit && [edit];
}

/** `"adam"` becomes the constructor that it names. */
function buildNamed(facts: Facts, named: Seen, spelling: ArgumentSpelling, threshold: string): TextEdit[] | null {
  const { node } = named;
  const qualified = node.kind === "string" ? spelling.named?.(node.value) : null;
  const keyword = qualified && spelling.keyword(qualified);
  const spelled = qualified && spell(facts, qualified, named.scope);
  if (!keyword || !spelled) return null;
  const edit = { range: rangeOf(node), newText: `${spelled.name}(${keyword}=${threshold})` };
  return spelled.edit ? [spelled.edit, edit] : [edit];
}
