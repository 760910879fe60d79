/** What a call passes for a parameter, `**options` included where these can be seen. */
import type { ArgumentPlace } from "../../frameworks/framework.ts";
import type { Call } from "../../syntax/ast.ts";
import { argumentOf } from "../../syntax/call.ts";
import type { Scope } from "../names/scope.ts";
import type { Frame, Located, Value } from "./value.ts";
import type { Values } from "./values.ts";

export function argumentThrough(
  values: Values,
  call: Call,
  { position, keyword }: ArgumentPlace,
  frame: Frame,
  scope: Scope,
): Located | null {
  const argument = argumentOf(call, position, keyword);
  if (argument) return argument.stars === 0 ? { node: argument.value, frame, scope } : null;
  for (const { stars, value } of call.arguments) {
    const [options, another] = stars === 2 ? values.evaluate(value, frame, scope) : [];
    const found = options && !another && keyword !== null ? entryOf(options, keyword) : null;
    if (found) return found;
  }
  return null;
}

/** Whether all that a call passes as `**options` can be seen. */
export function seesOptions(values: Values, call: Call, frame: Frame, scope: Scope): boolean {
  return call.arguments.every(({ stars, value }) => {
    if (stars !== 2) return true;
    const [options, another] = values.evaluate(value, frame, scope);
    return !another && options !== undefined && isComplete(options);
  });
}

function entryOf(options: Value, keyword: string): Located | null {
  if (options.kind === "elements") return options.items?.[options.keys?.lastIndexOf(keyword) ?? -1] ?? null;
  if (options.kind !== "external" || options.name !== "builtins.dict()" || !options.call) return null;
  const argument = argumentOf(options.call, null, keyword);
  return argument && { node: argument.value, frame: options.frame, scope: options.scope };
}

function isComplete(options: Value): boolean {
  if (options.kind === "elements") return options.keys?.every((key) => key !== null) === true;
  return (
    options.kind === "external" &&
    options.name === "builtins.dict()" &&
    options.call?.arguments.every(({ keyword }) => keyword !== null) === true
  );
}
