/** What an answer was read from: an answer is kept after an edit if all that it has read is still the same. */
import { type Place, rangeOf } from "../../syntax/ast.ts";
import { reaching } from "./reaching.ts";
import type { Binding, CallSite, Names, Scope, Variable } from "./scope.ts";

/** What the names of a text have under a word. What stays is the same object in it. */
export type Index<Item extends object = object> = (names: Names) => {
  get(word: string): readonly Item[] | undefined;
};

/** Looked up again: what is there now. */
export interface Current {
  readonly names: Names;
  isRelevant(name: string): boolean;
}

/**
 * What is not of the statement that an answer starts from and yet may be another after an edit, by what leads there. Each is noted
 * with what was found, so that an answer holds again, too, when an edit is taken back.
 */
export class Reads {
  readonly #variables = new Map<string, Variable | undefined>();
  readonly #listed = new Map<Index, Map<string, readonly object[]>>();
  readonly #relevant = new Map<string, boolean>();
  readonly #reached: { readonly variable: Variable; readonly use: Place; readonly bindings: readonly Binding[] }[] = [];
  /** All that was noted, once it was asked for. */
  #noted: Noted | null = null;
  /** Something was read of which nothing here tells whether it stays the same. */
  #open = false;

  variable(name: string, found: Variable | undefined): void {
    this.#noted = null;
    this.#variables.set(name, found);
  }

  listed(index: Index, word: string, items: readonly object[]): void {
    this.#noted = null;
    const known = this.#listed.get(index);
    if (known) known.set(word, items);
    else this.#listed.set(index, new Map([[word, items]]));
  }

  relevant(name: string, is: boolean): void {
    this.#noted = null;
    this.#relevant.set(name, is);
  }

  /** Which of the module's bindings may hold at a place of the module depends on the order of its statements, too. */
  reached(variable: Variable, use: Place, bindings: readonly Binding[]): void {
    this.#reached.push({ variable, use, bindings });
  }

  more(): void {
    this.#open = true;
  }

  hold(now: Current): boolean {
    if (this.#open) return false;
    this.#noted ??= notedIn(this.#variables, this.#relevant, this.#listed);
    const { names, variables, words, relevant, indices } = this.#noted;
    const all = now.names.module.variables;
    for (let i = 0; i < names.length; i++) if (all.get(names[i]!) !== variables[i]) return false;
    for (let i = 0; i < words.length; i++) if (now.isRelevant(words[i]!) !== relevant[i]) return false;
    for (const { index, words, lists } of indices) {
      const present = index(now.names);
      for (let i = 0; i < words.length; i++) if (!same(present.get(words[i]!) ?? NONE, lists[i]!)) return false;
    }
    for (const { variable, use, bindings } of this.#reached)
      if (!same(reaching(variable.bindings, rangeOf(use).start), bindings)) return false;
    return true;
  }
}

const NONE: readonly object[] = [];

/** The same in lists: walks are many, each has read hundreds of things, and all of them are looked at after every keystroke. */
interface Noted {
  readonly names: readonly string[];
  readonly variables: readonly (Variable | undefined)[];
  readonly words: readonly string[];
  readonly relevant: readonly boolean[];
  readonly indices: readonly { index: Index; words: readonly string[]; lists: readonly (readonly object[])[] }[];
}

const notedIn = (
  variables: ReadonlyMap<string, Variable | undefined>,
  relevant: ReadonlyMap<string, boolean>,
  listed: ReadonlyMap<Index, ReadonlyMap<string, readonly object[]>>,
): Noted => ({
  names: [...variables.keys()],
  variables: [...variables.values()],
  words: [...relevant.keys()],
  relevant: [...relevant.values()],
  indices: [...listed].map(([index, items]) => ({ index, words: [...items.keys()], lists: [...items.values()] })),
});

export const same = <Item>(a: readonly Item[], b: readonly Item[]): boolean =>
  a === b || (a.length === b.length && a.every((item, index) => item === b[index]));

const calls: Index<CallSite> = (names) => names.calls;

/** What an index has under a word, noted where the names are watched. */
export function listed<Item extends object>(names: Names, index: Index<Item>, word: string): readonly Item[] {
  const items = index(unwatched(names)).get(word) ?? [];
  readsOf(names)?.listed(index, word, items);
  return items;
}

/** The names of a text as one who reads them sees them. */
export class WatchedNames implements Names {
  readonly all: Names;
  readonly reads: Reads;
  readonly module: Scope;
  readonly calls: Names["calls"];
  readonly scopes: Names["scopes"];

  constructor(all: Names, reads: Reads) {
    this.all = all;
    this.reads = reads;
    this.module = all.module;
    this.calls = new WatchedCalls(all.calls, reads);
    // What belongs to a node stays with it.
    this.scopes = all.scopes;
  }

  get parts() {
    return this.#whole.parts;
  }

  get functions() {
    return this.#whole.functions;
  }

  get classes() {
    return this.#whole.classes;
  }

  get imports() {
    return this.#whole.imports;
  }

  get wildcards() {
    return this.#whole.wildcards;
  }

  get changesGradients() {
    return this.#whole.changesGradients;
  }

  get #whole(): Names {
    this.reads.more();
    return this.all;
  }
}

class WatchedCalls extends Map<string, CallSite[]> {
  readonly #calls: Names["calls"];
  readonly #reads: Reads;

  constructor(calls: Names["calls"], reads: Reads) {
    super();
    this.#calls = calls;
    this.#reads = reads;
  }

  override get size(): number {
    return this.#whole.size;
  }

  override get(name: string): CallSite[] | undefined {
    const sites = this.#calls.get(name);
    this.#reads.listed(calls, name, sites ?? []);
    return sites as CallSite[] | undefined;
  }

  override has(name: string): boolean {
    return this.get(name) !== undefined;
  }

  override keys() {
    return this.#whole.keys();
  }

  override values() {
    return this.#whole.values();
  }

  override entries() {
    return this.#whole.entries();
  }

  override forEach(use: (sites: CallSite[], name: string, calls: Map<string, CallSite[]>) => void): void {
    this.#whole.forEach(use);
  }

  override [Symbol.iterator]() {
    return this.entries();
  }

  get #whole(): Map<string, CallSite[]> {
    this.#reads.more();
    return this.#calls as Map<string, CallSite[]>;
  }
}

/** The names themselves, for what is looked for in a way that notes by itself what it reads. */
export const unwatched = (names: Names): Names => (names instanceof WatchedNames ? names.all : names);
export const readsOf = (names: Names): Reads | null => (names instanceof WatchedNames ? names.reads : null);
