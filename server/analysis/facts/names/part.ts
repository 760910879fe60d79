/** What one top-level statement adds to the names of its file. It depends on that statement alone, and so is kept while that stays. */
import type { ImportedName } from "../../syntax/ast.ts";
import type { Binding, CallSite, ClassInfo, FunctionInfo, Scope, Variable } from "./scope.ts";

export interface Part {
  readonly functions: FunctionInfo[];
  readonly classes: ClassInfo[];
  /** Calls by the last part of what is called. */
  readonly calls: Map<string, CallSite[]>;
  /** Other names of what is called: `import a as b`, `b = x.a`, `b = partial(a)`. */
  readonly aliases: { readonly local: string; readonly original: string }[];
  readonly imports: { readonly name: string; readonly node: ImportedName; readonly scope: Scope }[];
  /** The modules of `from m import *`, anywhere. */
  readonly wildcards: string[];
  readonly changesGradients: Set<FunctionInfo>;
  readonly scopes: Map<object, Scope>;
  /** What it does to the module's own scope. */
  readonly module: { readonly writes: Write[]; readonly wildcards: string[]; readonly outer: string[] };
}

/** Something that is written to a variable of the module, or to an attribute of one: `args.clip = 1` has the path `args`, `clip`. */
export interface Write {
  readonly path: readonly [string, ...string[]];
  readonly written: Written;
  /** Only if the module has such a variable: a function that writes to an attribute does not make it. */
  readonly ifBound: boolean;
}

export type Written =
  | { readonly binding: Binding }
  /** Put into it: `x[key] = value`, `x.append(value)`. */
  | { readonly content: Binding; readonly key: string | number | null };

/** What several parts have under each name. */
export function gathered<Item>(parts: readonly ReadonlyMap<string, readonly Item[]>[]): Map<string, readonly Item[]> {
  // Most names stand in one part alone, whose list serves.
  const all = new Map<string, readonly Item[]>();
  const merged = new Map<string, Item[]>();
  for (const part of parts)
    for (const [name, items] of part) {
      const known = all.get(name);
      const own = merged.get(name);
      if (own) for (const item of items) own.push(item);
      else if (known) {
        const both = [...known, ...items];
        merged.set(name, both);
        all.set(name, both);
      } else all.set(name, items);
    }
  return all;
}

export const emptyPart = (): Part => ({
  functions: [],
  classes: [],
  calls: new Map(),
  aliases: [],
  imports: [],
  wildcards: [],
  changesGradients: new Set(),
  scopes: new Map(),
  module: { writes: [], wildcards: [], outer: [] },
});

export function put({ bindings, contents }: Variable, written: Written): void {
  if ("binding" in written) bindings.push(written.binding);
  else contents.push({ binding: written.content, key: written.key });
}
