import type { Expression } from "../../syntax/ast.ts";
import { once } from "../once.ts";
import type { Part } from "./part.ts";
import type { Names, Scope } from "./scope.ts";

/** The full names of what a file imports, and of what it calls by way of imported modules. */
export const externalNames = once(({ imports, parts }: Names): ReadonlySet<string> => {
  const found = new Set(imports.map(({ name }) => name));
  for (const part of parts)
    for (const { root, scope, paths } of calledPaths(part)) {
      const binding = scope.lookup(root)?.bindings.at(-1);
      if (binding?.kind === "import") for (const path of paths) found.add(binding.name + path);
    }
  return found;
});

interface CalledPaths {
  readonly root: string;
  readonly scope: Scope;
  /** Each with its dots: `.nn.Linear` for `torch.nn.Linear(…)`, and an empty one for `Linear(…)`. */
  readonly paths: ReadonlySet<string>;
}

/** What is called in each scope, by the names that the ways to it start at. */
const calledPaths = once(({ calls }: Part): readonly CalledPaths[] => {
  const scopes = new Map<Scope, Map<string, Set<string>>>();
  for (const sites of calls.values())
    for (const { call, scope } of sites) {
      const [root, path] = wayTo(call.callee);
      if (root === null) continue;
      const roots = scopes.get(scope) ?? new Map<string, Set<string>>();
      scopes.set(scope, roots);
      roots.set(root, (roots.get(root) ?? new Set()).add(path));
    }
  return [...scopes].flatMap(([scope, roots]) => [...roots].map(([root, paths]) => ({ root, scope, paths })));
});

function wayTo(callee: Expression): [root: string | null, path: string] {
  let path = "";
  let at = callee;
  for (; at.kind === "attribute"; at = at.object) path = `.${at.name}${path}`;
  return [at.kind === "name" ? at.id : null, path];
}
