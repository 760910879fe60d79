/** What an answer was read from: an answer is kept after an edit if all that it has read is still the same. */
import { type Place, rangeOf } from "../../syntax/ast.ts";
import { reaching } from "./reaching.ts";
import type { Binding, CallSite, Names, Scope, Variable } from "./scope.ts";

type Sites = readonly CallSite[];

/** Looked up again: what is there now. */
export interface Current {
  readonly module: Scope;
  called(name: string): Sites;
  given(name: string): Sites;
  calledOn(method: string, receiver: string): Sites;
  isRelevant(name: string): boolean;
}

/**
 * What is not of the statement that an answer starts from and yet may be another after an edit, by what leads there. Each is noted
 * with what was found, so that an answer holds again, too, when an edit is taken back.
 */
export class Reads {
  readonly #variables = new Map<string, Variable | undefined>();
  readonly #called = new Map<string, Sites>();
  readonly #given = new Map<string, Sites>();
  readonly #calledOn = new Map<string, Map<string, Sites>>();
  readonly #relevant = new Map<string, boolean>();
  readonly #reached: { readonly variable: Variable; readonly use: Place; readonly bindings: readonly Binding[] }[] = [];
  /** Something was read of which nothing here tells whether it stays the same. */
  #open = false;

  variable(name: string, found: Variable | undefined): void {
    this.#variables.set(name, found);
  }

  called(name: string, sites: Sites): void {
    this.#called.set(name, sites);
  }

  given(name: string, sites: Sites): void {
    this.#given.set(name, sites);
  }

  calledOn(method: string, receiver: string, sites: Sites): void {
    const known = this.#calledOn.get(method);
    if (known) known.set(receiver, sites);
    else this.#calledOn.set(method, new Map([[receiver, sites]]));
  }

  relevant(name: string, is: boolean): void {
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
    for (const [name, variable] of this.#variables) if (now.module.variables.get(name) !== variable) return false;
    for (const [name, is] of this.#relevant) if (now.isRelevant(name) !== is) return false;
    for (const [name, sites] of this.#called) if (!same(now.called(name), sites)) return false;
    for (const [name, sites] of this.#given) if (!same(now.given(name), sites)) return false;
    for (const [method, receivers] of this.#calledOn)
      for (const [receiver, sites] of receivers) if (!same(now.calledOn(method, receiver), sites)) return false;
    return this.#reached.every(({ variable, use, bindings }) =>
      same(reaching(variable.bindings, rangeOf(use).start), bindings),
    );
  }
}

export const same = <Item>(a: readonly Item[], b: readonly Item[]): boolean =>
  a === b || (a.length === b.length && a.every((item, index) => item === b[index]));

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
    this.#reads.called(name, sites ?? []);
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
