/**
 * The walks through a program: one through its module, and one from each function that nothing there was seen to call. Each is on its
 * own, so that what it finds follows from what it reads alone, and is kept after an edit that leaves that as it was.
 */
import type { Framework } from "../../frameworks/framework.ts";
import type { Statement } from "../../syntax/ast.ts";
import type { Importer, Versions } from "../../workspace.ts";
import { callsGiven } from "../names/passed-on.ts";
import { type Current, Reads, same, WatchedNames } from "../names/reads.ts";
import type { FunctionInfo, Names } from "../names/scope.ts";
import { once } from "../once.ts";
import { Identities } from "../values/identities.ts";
import { Values } from "../values/values.ts";
import { type Account, Accountant } from "./account.ts";
import { Answers, Kept } from "./answers.ts";
import { evaluationOf } from "./calls.ts";
import { Classifier } from "./classify.ts";
import { clippedElsewhere } from "./optimizers.ts";
import { calledAs, type Relevant, relevantNames } from "./relevant.ts";
import { BUDGET, Walker } from "./walk.ts";

/** What any walk may depend on. */
export interface Surroundings {
  readonly frameworks: readonly Framework[];
  readonly importer: Importer | null;
  readonly versions: Versions;
}

/** One walk that was made. */
interface Walk {
  readonly values: Values;
  readonly account: Accountant;
  readonly visited: ReadonlySet<FunctionInfo>;
  readonly spent: number;
  readonly reads: Reads;
}

export interface Walked {
  readonly values: Values;
  readonly classifier: Classifier;
  readonly account: Account;
  readonly answers: Answers;
}

/** How much of what is gone is remembered: so many times what there was at first, and some. */
const MOST_GROWTH = 4;
const LEAST_GROWTH = 500;

export class Walks {
  #base: { readonly around: readonly unknown[]; readonly identities: Identities; most: number } | null = null;
  #module: { readonly statements: readonly Statement[]; readonly walk: Walk } | null = null;
  #entries = new WeakMap<FunctionInfo, Walk>();
  #answers = new Kept();

  walk(body: readonly Statement[], names: Names, around: Surroundings): Walked {
    const { frameworks, importer, versions } = around;
    const identities = this.#identitiesFor(names, around);
    const values = new Values(names, frameworks, importer, identities);
    const classifier = new Classifier(values, frameworks, versions);
    const relevant = relevantNames(values, classifier);
    const statements = body.filter((statement) => !isIdle(statement));
    const now: Current = { names, isRelevant: (name) => relevant.has(name) };
    const kept = new Answers({ now, read: (find) => watched(values, around, find) }, this.#answers);
    const apart = mayBeApart(values) ? this.#apart(statements, values, relevant, around, now, kept) : null;
    if (this.#base) this.#base.most ||= MOST_GROWTH * identities.frames.size + LEAST_GROWTH;
    if (!apart) {
      const account = together(statements, values, classifier, relevant, frameworks);
      const answers = new Answers({ now, read: (find) => ({ found: find(values), reads: null }) }, new Kept());
      return { values, classifier, account, answers };
    }
    values.recall(apart.map((walk) => walk.values));
    return { values, classifier, account: accountOf(apart), answers: kept };
  }

  /** Anew where what all depend on is another, or what is gone has become too much. */
  #identitiesFor(names: Names, { frameworks, importer, versions }: Surroundings): Identities {
    const { module } = names;
    const elsewhere = clippedElsewhere(names, frameworks);
    const around = [
      module,
      frameworks,
      importer,
      versions,
      ...module.wildcards,
      null,
      ...module.outer,
      null,
      ...elsewhere,
    ];
    const base = this.#base;
    if (base && same(base.around, around) && (base.most === 0 || base.identities.frames.size <= base.most))
      return base.identities;
    const identities = new Identities(module);
    this.#base = { around, identities, most: 0 };
    this.#module = null;
    this.#entries = new WeakMap();
    this.#answers = new Kept();
    return identities;
  }

  /** Null where a walk leads into another module: its way there is one for all. */
  #apart(
    statements: readonly Statement[],
    values: Values,
    relevant: Relevant,
    around: Surroundings,
    now: Current,
    answers: Answers,
  ): Walk[] | null {
    const begin = (go: (walker: Walker) => void) => newWalk(values, relevant, around, go);
    const known = this.#module;
    const isKept = known && same(known.statements, statements) && known.walk.reads.hold(now);
    const module = isKept ? known.walk : begin((walker) => walker.module(statements));
    this.#module = { statements, walk: module };
    const all = [module];
    const visited = new Set(module.visited);
    let { spent } = module;
    const isCalled = (info: FunctionInfo) =>
      answers.to("is called", info, info, ({ callers }) => callers.of(info.scope).length > 0);
    for (const info of entriesOf(values, relevant, isCalled)) {
      if (visited.has(info)) continue;
      if (spent >= BUDGET) break;
      const former = this.#entries.get(info);
      const walk = former?.reads.hold(now) ? former : begin((walker) => walker.entry(info));
      this.#entries.set(info, walk);
      all.push(walk);
      for (const each of walk.visited) visited.add(each);
      spent += walk.spent;
    }
    return all.every((walk) => walk.values.imports.isAlone) ? all : null;
  }
}

function newWalk(all: Values, relevant: Relevant, around: Surroundings, go: (walker: Walker) => void): Walk {
  const { found, reads } = watched(all, around, (values, reads) => {
    const { frameworks, versions } = around;
    const noted = {
      has(name: string) {
        const is = relevant.has(name);
        reads.relevant(name, is);
        return is;
      },
    };
    const walker = new Walker(values, new Classifier(values, frameworks, versions), frameworks, noted);
    go(walker);
    const { accountant: account, visited, spent } = walker;
    return { values, account, visited, spent };
  });
  return { ...found, reads };
}

/** What is found with values of its own, which note what they read. */
function watched<Found>(
  { names, identities }: Values,
  { frameworks, importer }: Surroundings,
  find: (values: Values, reads: Reads) => Found,
): { readonly found: Found; readonly reads: Reads } {
  const reads = new Reads();
  const { module } = names;
  module.noted = reads;
  try {
    return { found: find(new Values(new WatchedNames(names, reads), frameworks, importer, identities), reads), reads };
  } finally {
    module.noted = null;
  }
}

function together(
  statements: readonly Statement[],
  values: Values,
  classifier: Classifier,
  relevant: Relevant,
  frameworks: readonly Framework[],
): Account {
  const walker = new Walker(values, classifier, frameworks, relevant);
  walker.module(statements);
  const isCalled = (info: FunctionInfo) => values.callers.of(info.scope).length > 0;
  for (const info of entriesOf(values, relevant, isCalled)) if (!walker.visited.has(info)) walker.entry(info);
  return close(walker.accountant, walker.spent);
}

function accountOf(walks: readonly Walk[]): Account {
  const all = new Accountant();
  let spent = 0;
  for (const walk of walks) {
    all.add(walk.account);
    spent += walk.spent;
  }
  return close(all, spent);
}

/** Out of budget, paths are missing: nothing may be concluded from what was seen. */
function close(accountant: Accountant, spent: number): Account {
  const { logs } = accountant;
  if (spent >= BUDGET) return { updates: [], updatesElsewhere: [], clips: [], unscales: [], logs };
  return accountant.close();
}

/** What nothing here calls is an entry point; callers before the called, so that helpers are seen in their context. */
function entriesOf({ names }: Values, relevant: Relevant, isCalled: (info: FunctionInfo) => boolean): FunctionInfo[] {
  const rest = names.functions.filter((info) => info.node.kind === "function" && relevant.has(calledAs(info)));
  // What is handed to something else is seen better where that is called, and so comes after the function that hands it on.
  const rank = ({ name }: FunctionInfo) => {
    const places = callsGiven(name, names);
    return places.length === 0 ? 0 : places.some(({ scope }) => scope.home.info !== null) ? 2 : 1;
  };
  const entries = rest.filter((info) => !isCalled(info)).map((info) => ({ info, rank: rank(info) }));
  const ordered = [0, 1, 2].map((wanted) => entries.filter((entry) => entry.rank === wanted).map(({ info }) => info));
  return [...(ordered[0] ?? []), ...(ordered[1] ?? []), ...rest.filter(isCalled), ...(ordered[2] ?? [])];
}

/** Nothing that the file imports is a module of the workspace. */
function mayBeApart({ names, imports }: Values): boolean {
  return (
    imports.isAlone &&
    !names.imports.some(({ name, scope }) => imports.isAround(name, scope)) &&
    !names.wildcards.some((name) => imports.isAround(name, names.module))
  );
}

/** Nothing of a training happens in it by itself. */
const isIdle = once((statement: Statement): boolean => {
  switch (statement.kind) {
    case "function":
    case "import":
    case "import-from":
    case "global":
      return true;
    case "class":
      return statement.body.every(isIdle);
    case "assign":
    case "augment":
    case "expression": {
      const { expressions, byHand } = evaluationOf(statement);
      return expressions.length === 0 && byHand === null;
    }
    default:
      return false;
  }
});
