/** Where the number that a threshold expression stands for is written: the one place to edit. */
import { type Call, type Expression, rangeOf } from "../syntax/ast.ts";
import { argumentOf } from "../syntax/call.ts";
import type { Seen } from "./events.ts";
import { type Facts, sourceOf } from "./facts.ts";
import type { Frame, Value } from "./value.ts";

export type ThresholdSource =
  | { readonly literal: Expression; readonly value: number; readonly origin: string }
  /** Why it can't be told, as the end of a sentence that starts with the expression. */
  | { readonly unknown: string };

export function thresholdSource(facts: Facts, seen: Seen): ThresholdSource {
  const values = facts.values.evaluate(seen.node, seen.frame, seen.scope);
  const literals = new Map<Expression, number>();
  let open = false;
  for (const value of values) {
    const number = value.kind === "literal" ? numberOf(value.node) : null;
    if (number !== null && value.kind === "literal") literals.set(value.node, number);
    else if (value.kind !== "none") open = true;
  }
  const [only] = literals;
  if (literals.size > 1) return { unknown: `may be any of ${[...literals.values()].join(", ")}` };
  if (only && (!open || isDefault(facts, only[0])))
    return { literal: only[0], value: only[1], origin: originOf(facts, seen, only[0]) };
  return fromCommandLine(facts, seen, values) ?? fromFields(facts, seen) ?? { unknown: why(values) };
}

function numberOf(node: Expression): number | null {
  if (node.kind === "number") return node.value;
  if (node.kind === "unary" && node.operator === "-" && node.operand.kind === "number") return -node.operand.value;
  return null;
}

/** The default of a parameter that no call in the file fills. */
function isDefault({ names }: Facts, literal: Expression): boolean {
  return names.functions.some(({ node }) => node.parameters.some((parameter) => parameter.fallback === literal));
}

function originOf(facts: Facts, { node }: Seen, literal: Expression): string {
  if (node === literal) return "the number in the call";
  for (const { node: definition } of facts.names.functions)
    for (const parameter of definition.parameters)
      if (parameter.fallback === literal) return `the default of \`${parameter.name}\``;
  return `the number behind \`${sourceOf(facts, node)}\``;
}

/** `args.clip`, where a parser in this file says `add_argument("--clip", default=0.25)`. */
function fromCommandLine(facts: Facts, { node }: Seen, values: readonly Value[]): ThresholdSource | null {
  if (node.kind !== "attribute") return null;
  const parsed = values.some((value) => value.kind === "external" && /parse_(known_)?args\(\)/.test(value.name));
  const unseen = values.every((value) => value.kind === "unknown");
  if (!parsed && !unseen) return null;
  const options = (facts.names.calls.get("add_argument") ?? []).filter(({ call }) => destination(call) === node.name);
  const [option] = options;
  if (!option || options.length > 1) return null;
  const fallback = argumentOf(option.call, null, "default");
  const flag = option.call.arguments.find((a) => a.value.kind === "string" && a.value.value.startsWith("--"))?.value;
  const name = flag?.kind === "string" ? flag.value : node.name;
  if (!fallback) return { unknown: `is given on the command line by \`${name}\`, which has no default` };
  const frame: Frame = facts.values.frames.of(option.scope);
  const found = thresholdSource(facts, { node: fallback.value, frame, scope: option.scope });
  return "literal" in found
    ? { ...found, origin: `the default of \`${name}\` (a value on the command line still wins)` }
    : { unknown: `is given on the command line by \`${name}\`` };
}

function destination(call: Call): string {
  const named = call.arguments.find((argument) => argument.keyword === "dest")?.value;
  if (named?.kind === "string") return named.value;
  const flags = call.arguments.flatMap(({ keyword, value }) =>
    keyword === null && value.kind === "string" ? [value.value] : [],
  );
  const long = flags.find((flag) => flag.startsWith("--")) ?? flags[0] ?? "";
  return long.replace(/^-+/, "").replaceAll("-", "_");
}

/** `cfg.clip`, where one class of this file has such a field and some library fills it in. */
function fromFields(facts: Facts, { node }: Seen): ThresholdSource | null {
  if (node.kind !== "attribute") return null;
  const fields = facts.names.classes.flatMap((info) => {
    const bindings = info.scope.variables.get(node.name)?.bindings ?? [];
    return bindings.flatMap((binding) => (binding.kind === "value" ? [{ info, binding }] : []));
  });
  const [field] = fields;
  if (!field || fields.length > 1) return null;
  const value = numberOf(field.binding.value);
  if (value === null) return null;
  return { literal: field.binding.value, value, origin: `the field \`${field.info.node.name}.${node.name}\`` };
}

function why(values: readonly Value[]): string {
  for (const value of values)
    if (value.kind === "external" && value.name !== "") return `comes from \`${value.name.replace(/\(\)$/, "")}\``;
  if (values.some((value) => value.kind === "literal")) return "is computed";
  return "comes from outside this file";
}

export function lineOf(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf("\n"); at !== -1 && at < offset; at = text.indexOf("\n", at + 1)) line += 1;
  return line;
}

export const lineOfNode = (facts: Facts, node: Expression) => lineOf(facts.text, rangeOf(node).start);
