/** What a parameter is declared to be. */
import { childrenOf, type Expression } from "../../syntax/ast.ts";
import type { Binding } from "../names/scope.ts";
import type { Values } from "./values.ts";

/** The qualified names of the classes in a parameter's annotation, `Optional[…]` and `… | None` looked through. */
export function declaredClasses(values: Values, { parameter, scope }: Binding & { kind: "parameter" }): string[] {
  const outside = scope.parent ?? scope;
  const frame = values.frames.around(scope);
  return alternatives(parameter.annotation).flatMap((node) =>
    values.evaluate(node, frame, outside).flatMap((value) => (value.kind === "external" ? value.name : [])),
  );
}

function alternatives(node: Expression | null): readonly Expression[] {
  if (node?.kind !== "subscript" && node?.kind !== "binary" && node?.kind !== "other") return node ? [node] : [];
  return childrenOf(node).flatMap(alternatives);
}
