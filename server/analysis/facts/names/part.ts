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

type Lists<Item> = ReadonlyMap<string, readonly Item[]>;

/** What several parts have under each name, in one version of a text after the other: what is of the same parts stays the same list. */
export class Gathered<Item> {
  #parts: readonly Lists<Item>[] = [];
  #all = new Map<string, readonly Item[]>();
  #joined = new Map<string, Joined<Item>>();

  /** What was given before doesn't hold any more. */
  of(parts: readonly Lists<Item>[]): ReadonlyMap<string, readonly Item[]> {
    const at = onlyOther(this.#parts, parts);
    if (at === null || !this.#replace(this.#parts[at]!, parts[at]!)) this.#gather(parts);
    this.#parts = parts;
    return this.#all;
  }

  /** Most keystrokes change one part, and not the names in it: all names stay in their order. */
  #replace(before: Lists<Item>, now: Lists<Item>): boolean {
    if (!haveSameNames(before, now)) return false;
    now.forEach((items, name) => {
      const joined = this.#joined.get(name);
      joined?.replace(before.get(name)!, items);
      this.#all.set(name, joined ? joined.end() : items);
    });
    return true;
  }

  #gather(parts: readonly Lists<Item>[]): void {
    const all = new Map<string, readonly Item[]>();
    const joined = new Map<string, Joined<Item>>();
    const add = (items: readonly Item[], name: string): void => {
      const first = all.get(name);
      // Most names stand in one part alone, whose list serves.
      if (!first) {
        all.set(name, items);
        return;
      }
      let list = joined.get(name);
      if (!list) {
        list = this.#joined.get(name) ?? new Joined();
        list.begin();
        list.add(first);
        joined.set(name, list);
      }
      list.add(items);
    };
    // An iterator would make an entry of each, at every keystroke.
    for (const part of parts) part.forEach(add);
    for (const [name, list] of joined) all.set(name, list.end());
    this.#all = all;
    this.#joined = joined;
  }
}

/** The one place where two lists differ; null where there is none, or more. */
function onlyOther(before: readonly unknown[], now: readonly unknown[]): number | null {
  if (before.length !== now.length) return null;
  const at = now.findIndex((item, index) => item !== before[index]);
  if (at === -1) return null;
  for (let index = at + 1; index < now.length; index += 1) if (now[index] !== before[index]) return null;
  return at;
}

function haveSameNames(a: ReadonlyMap<string, unknown>, b: ReadonlyMap<string, unknown>): boolean {
  if (a.size !== b.size) return false;
  const names = b.keys();
  for (const name of a.keys()) if (name !== names.next().value) return false;
  return true;
}

/** Lists behind each other. */
class Joined<Item> {
  readonly #lists: (readonly Item[])[] = [];
  #length = 0;
  #all: readonly Item[] | null = null;

  begin(): void {
    this.#length = 0;
  }

  add(items: readonly Item[]): void {
    if (this.#lists[this.#length] !== items) {
      this.#lists[this.#length] = items;
      this.#all = null;
    }
    this.#length += 1;
  }

  replace(before: readonly Item[], items: readonly Item[]): void {
    this.#lists[this.#lists.indexOf(before)] = items;
    this.#all = null;
  }

  end(): readonly Item[] {
    if (this.#length < this.#lists.length) {
      this.#lists.length = this.#length;
      this.#all = null;
    }
    this.#all ??= this.#lists.flat() as Item[];
    return this.#all;
  }
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
