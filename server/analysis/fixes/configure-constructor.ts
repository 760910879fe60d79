/** Clipping asked for by one more argument where an optimizer (or a trainer) is built. */
import type { OptimizerRef, Seen } from "../facts/events.ts";
import type { Facts } from "../facts/facts.ts";
import type { TextEdit } from "../finding.ts";
import type { ArgumentSpelling } from "../frameworks/framework.ts";
import { type Call, rangeOf } from "../syntax/ast.ts";
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
  const edit = addArgument(facts, call, `${keyword}=${threshold}`);
  return edit && [edit];
}

/** After the last argument, on a line of its own where each argument has one. */
export function addArgument({ text }: Facts, call: Call, argument: string): TextEdit | null {
  const { end } = rangeOf(call);
  const close = end - 1;
  if (text[close] !== ")") return null;
  const last = call.arguments.at(-1);
  if (!last) return { range: { start: close, end: close }, newText: argument };
  const lastEnd = rangeOf(last).end;
  const between = text.slice(lastEnd, close);
  const lineStart = text.lastIndexOf("\n", rangeOf(last).start - 1) + 1;
  const indent = text.slice(lineStart, rangeOf(last).start);
  const own = between.includes("\n") && /^[ \t]*$/.test(indent);
  const newline = text.includes("\r\n") ? "\r\n" : "\n";
  const separator = own ? `,${newline}${indent}` : ", ";
  // A comma that is there already stays the last character.
  const comma = /^\s*,/.exec(between)?.[0];
  if (comma) {
    const at = lastEnd + comma.length;
    return { range: { start: at, end: at }, newText: own ? `${newline}${indent}${argument},` : ` ${argument},` };
  }
  return { range: { start: lastEnd, end: lastEnd }, newText: separator + argument };
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
