import type { Expression } from "../../syntax/ast.ts";
import { once } from "../once.ts";
import type { Names, Scope } from "./scope.ts";

/** The full names of what a file imports, and of what it calls by way of imported modules. */
export const externalNames = once(({ imports, calls }: Names): ReadonlySet<string> => {
  const found = new Set(imports.map(({ name }) => name));
  for (const sites of calls.values())
    for (const { call, scope } of sites) {
      const from = importBehind(call.callee, scope);
      if (from !== null) found.add(from + pathOf(call.callee));
    }
  return found;
});

function importBehind(callee: Expression, scope: Scope): string | null {
  let root = callee;
  while (root.kind === "attribute") root = root.object;
  if (root.kind !== "name") return null;
  const binding = scope.lookup(root.id)?.bindings.at(-1);
  return binding?.kind === "import" ? binding.name : null;
}

const pathOf = (callee: Expression): string =>
  callee.kind === "attribute" ? `${pathOf(callee.object)}.${callee.name}` : "";
