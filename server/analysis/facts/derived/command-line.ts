/** The options of the argument parsers that a file builds. */
import type { Call, Expression } from "../../syntax/ast.ts";
import { argumentOf } from "../../syntax/call.ts";
import type { Facts } from "../facts.ts";
import type { Scope } from "../names/scope.ts";
import { once } from "../once.ts";

export interface Option {
  readonly call: Call;
  readonly scope: Scope;
  /** As it is typed: `--max-norm`. */
  readonly flag: string;
  /** The attribute of the parsed arguments. */
  readonly destination: string;
  readonly fallback: Expression | null;
}

export const optionsOf = once((facts: Facts): readonly Option[] =>
  (facts.names.calls.get("add_argument") ?? []).map(({ call, scope }) => {
    const flags = call.arguments.flatMap(({ keyword, value }) =>
      keyword === null && value.kind === "string" ? [value.value] : [],
    );
    const flag = flags.find((name) => name.startsWith("--")) ?? flags[0] ?? "";
    const named = argumentOf(call, null, "dest")?.value;
    const destination = named?.kind === "string" ? named.value : flag.replace(/^-+/, "").replaceAll("-", "_");
    return { call, scope, flag, destination, fallback: argumentOf(call, null, "default")?.value ?? null };
  }),
);

const byDestination = once((facts: Facts) => {
  const options = new Map<string, Option[]>();
  for (const option of optionsOf(facts))
    options.set(option.destination, [...(options.get(option.destination) ?? []), option]);
  return options;
});

/** The one option that fills an attribute, unless something else in the file may. */
export function optionFor(facts: Facts, destination: string): Option | null {
  const [option, another] = byDestination(facts).get(destination) ?? [];
  const reset = facts.names.calls.get("set_defaults") ?? [];
  const changed = reset.some(({ call }) => call.arguments.some((a) => a.stars !== 0 || a.keyword === destination));
  return option && !another && !changed ? option : null;
}
