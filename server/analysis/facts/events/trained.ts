/** What can be seen of the class of what a framework trains: members by which it may have its own way. */
import type { Expression } from "../../syntax/ast.ts";
import type { Scope } from "../names/scope.ts";
import { type Frame, stripCall, type Value } from "../values/value.ts";
import type { Values } from "../values/values.ts";

/** An instance of a class that can be seen and sets this member to `False`. */
export function isFalse(values: Values, node: Expression | null, member: string, frame: Frame, scope: Scope): boolean {
  const found = instances(values, node, frame, scope).flatMap((value) =>
    value.kind === "instance" ? values.members.of(value, member) : [],
  );
  return found.some(
    (value) => value.kind === "literal" && value.node.kind === "constant" && value.node.value === false,
  );
}

/** An instance of classes that can be seen, none of which has any of these members. */
export function isPlain(
  values: Values,
  node: Expression | null,
  members: readonly string[],
  frame: Frame,
  scope: Scope,
): boolean {
  const found = instances(values, node, frame, scope);
  return (
    found.length > 0 &&
    found.every(
      (value) => value.kind === "instance" && !members.some((name) => values.members.defines(value.info, name)),
    )
  );
}

/** What an expression stands for, with the classes of modules around that by their texts have nothing to do with training. */
function instances(values: Values, node: Expression | null, frame: Frame, scope: Scope): Value[] {
  if (node === null) return [];
  return values.evaluate(node, frame, scope).flatMap((value): Value[] => {
    if (value.kind !== "external" || !value.call || !value.name.endsWith("()")) return [value];
    const { call, frame: within, scope: at } = value;
    const classes = values.imports.look(stripCall(value.name), at).filter((found) => found.kind === "class");
    if (classes.length === 0) return [value];
    return classes.map(({ info }) => ({ kind: "instance", info, call, frame: within, scope: at }));
  });
}
