import type { Expression } from "../../syntax/ast.ts";
import { once } from "../once.ts";
import type { Part } from "./part.ts";
import type { Names, Scope, Variable } from "./scope.ts";

/** The full names of what a file imports, and of what it calls by way of imported modules. */
export const externalNames = once(({ module, imports, parts }: Names): ReadonlySet<string> => {
  const found = new Set(imports.map(({ name }) => name));
  for (const part of parts)
    for (const [root, { own, paths }] of calledPaths(part)) {
      const binding = (own ?? module.lookup(root))?.bindings.at(-1);
      if (binding?.kind === "import") for (const name of fullNames(paths, binding.name)) found.add(name);
    }
  return found;
});

/** By what the way starts at. */
const fullNames = (paths: CalledPaths["paths"], root: string): readonly string[] => {
  const known = namesOfPaths(paths);
  let names = known.get(root);
  if (!names) {
    names = [...paths].map((path) => root + path);
    known.set(root, names);
  }
  return names;
};

const namesOfPaths = once((_: CalledPaths["paths"]) => new Map<string, readonly string[]>());

interface CalledPaths {
  /** The variable that the way starts at, where it isn't the module's. */
  readonly own: Variable | null;
  /** Each with its dots: `.nn.Linear` for `torch.nn.Linear(…)`, and an empty one for `Linear(…)`. */
  readonly paths: Set<string>;
}

/** What is called, by the names that the ways to it start at. */
const calledPaths = once(({ calls }: Part): readonly (readonly [root: string, CalledPaths])[] => {
  const found = new Map<Variable | string, readonly [string, CalledPaths]>();
  for (const sites of calls.values())
    for (const { call, scope } of sites) {
      const [root, path] = wayTo(call.callee);
      if (root === null) continue;
      const own = ownVariable(root, scope);
      const known = found.get(own ?? root);
      if (known) known[1].paths.add(path);
      else found.set(own ?? root, [root, { own, paths: new Set([path]) }]);
    }
  return [...found.values()];
});

function ownVariable(name: string, scope: Scope): Variable | null {
  const found = scope.lookup(name);
  return found?.scope === scope.module ? null : found;
}

function wayTo(callee: Expression): [root: string | null, path: string] {
  let path = "";
  let at = callee;
  for (; at.kind === "attribute"; at = at.object) path = `.${at.name}${path}`;
  return [at.kind === "name" ? at.id : null, path];
}
