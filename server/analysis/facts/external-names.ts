import type { Expression } from "../syntax/ast.ts";
import { once } from "./once.ts";
import type { Names, Scope } from "./scope.ts";

/** The full names of what a file imports, and of what it calls by way of imported modules. */
export const externalNames = once(({ imports, calls }: Names): ReadonlySet<string> => {
  const found = new Set(imports.map(({ name }) => name));
  for (const sites of calls.values())
    for (const { call, scope } of sites) {
      const name = fullName(call.callee, scope);
      if (name !== null) found.add(name);
    }
  return found;
});

function fullName(callee: Expression, scope: Scope): string | null {
  if (callee.kind === "attribute") {
    const holder = fullName(callee.object, scope);
    return holder === null ? null : `${holder}.${callee.name}`;
  }
  if (callee.kind !== "name") return null;
  const binding = scope.lookup(callee.id)?.bindings.at(-1);
  return binding?.kind === "import" ? binding.name : null;
}
