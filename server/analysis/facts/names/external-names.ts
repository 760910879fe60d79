import type { Expression } from "../../syntax/ast.ts";
import { once } from "../once.ts";
import type { Part } from "./part.ts";
import type { Names, Scope, Variable } from "./scope.ts";

/** Whether a pattern describes the full name of something that a file imports, or calls by way of imported modules. */
export function usesExternal(names: Names, pattern: RegExp): boolean {
  const known = answers(names);
  let answer = known.get(pattern);
  if (answer === undefined) {
    const { bound, key } = importsOf(names);
    const describes = describesAny(pattern);
    answer = names.parts.some((part) => describes(externalNames(part, bound, key)));
    known.set(pattern, answer);
  }
  return answer;
}

const answers = once((_: Names) => new Map<RegExp, boolean>());

/** Of a list of names that is kept. */
const describesAny = once((pattern: RegExp) =>
  once((names: readonly string[]) => names.some((name) => pattern.test(name))),
);

/** What the module's own names stand for, where they are imports; the same key for the same ones. */
const importsOf = once(({ module }: Names) => {
  const bound = new Map<string, string>();
  for (const name of module.variables.keys()) {
    const binding = module.lookup(name)?.bindings.at(-1);
    if (binding?.kind === "import") bound.set(name, binding.name);
  }
  return { bound, key: JSON.stringify([...bound]) };
});

interface External {
  readonly key: string;
  readonly names: readonly string[];
}

const lastNames = new WeakMap<Part, External>();

/** Those of one statement, the same list as long as imports stand for the same. */
function externalNames(part: Part, bound: ReadonlyMap<string, string>, key: string): readonly string[] {
  const known = lastNames.get(part);
  if (known?.key === key) return known.names;
  const names = new Set(part.imports.map(({ name }) => name));
  for (const [root, { own, paths }] of calledPaths(part)) {
    const binding = own?.bindings.at(-1);
    const full = own ? (binding?.kind === "import" ? binding.name : undefined) : bound.get(root);
    if (full !== undefined) for (const path of paths) names.add(full + path);
  }
  const found = { key, names: [...names] };
  lastNames.set(part, found);
  return found.names;
}

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
