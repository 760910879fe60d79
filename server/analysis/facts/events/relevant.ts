/** Which calls are worth a look: what frameworks name, and the functions that come to one of those. */
import type { Call } from "../../syntax/ast.ts";
import { lastPart } from "../../syntax/call.ts";
import { callsGiven } from "../names/passed-on.ts";
import type { CallSite, FunctionInfo, Names, Scope } from "../names/scope.ts";
import { once } from "../once.ts";
import type { Imports } from "../values/imports.ts";
import type { Values } from "../values/values.ts";
import type { Classifier } from "./classify.ts";

interface Import {
  readonly name: string;
  readonly scope: Scope;
}

/** The names of calls that are worth a look. */
export type Relevant = Pick<ReadonlySet<string>, "has">;

/** Who calls something of a name: the name of a function, or of a class by what its constructor calls. */
interface Caller {
  readonly name: string;
  /** Where that is called; null where it is handed on. */
  readonly site: CallSite | null;
}

export function relevantNames({ imports }: Values, classifier: Classifier): Set<string> {
  const all = imports.around();
  const relevant = new Set<string>();
  const queue: string[] = [];
  const add = (name: string) => {
    if (relevant.has(name)) return;
    relevant.add(name);
    queue.push(name);
  };
  for (const names of all) {
    for (const name of names.calls.keys()) if (classifier.mayMatter(name)) add(name);
    for (const info of names.changesGradients) add(calledAs(info));
    for (const name of madeNames(names, classifier)) add(name);
  }
  // What these modules import in turn is parsed only where the walk gets there.
  for (const names of all.slice(1)) for (const name of namesOfImports(names, imports)) add(name);
  // A library's function that goes by the name of one of ours isn't it.
  const mayBeOurs = (site: CallSite) => {
    const from = importBehind(site);
    return !from || imports.isAround(from.name, from.scope);
  };
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    const known = classifier.mayMatter(name);
    for (const names of all)
      for (const { name: caller, site } of callersOf(name, names))
        if (!relevant.has(caller) && (!site || known || mayBeOurs(site))) add(caller);
  }
  // Which of a class's bases it means is told where it is called.
  relevant.add("__init__");
  return relevant;
}

/** The name that a function is called by: a constructor's is the class's. */
export const calledAs = ({ name, owner }: FunctionInfo): string =>
  name === "__init__" && owner ? owner.node.name : name;

/** Called names of what calls return: a part of it (`init, update = adam(1e-3)`), a backward pass (`grads_of = jax.grad(loss)`). */
function madeNames({ module, functions, calls }: Names, classifier: Classifier): string[] {
  const made = [madeIn(module), ...functions.map(({ scope }) => madeInFunction(scope))].flat();
  return made.flatMap(({ name, by }) => {
    if (!calls.has(name)) return [];
    return (by === null ? classifier.mayUnpack : classifier.makesBackward(by)) ? [name] : [];
  });
}

/** What a call returns is given a name; `by` is what is called, null where the name is given a part of it. */
interface Made {
  readonly name: string;
  readonly by: string | null;
}

const madeIn = ({ variables }: Scope): readonly Made[] =>
  [...variables.values()].flatMap(({ name, bindings }) =>
    bindings.flatMap((b) =>
      b.kind === "value" && b.value.kind === "call"
        ? [{ name, by: b.path.length > 0 ? null : lastPart(b.value.callee) }]
        : [],
    ),
  );

const madeInFunction = once(madeIn);

/** What is called of modules that may have to do with training: imported functions, and members of imported modules. */
function namesOfImports(names: Names, imports: Imports): string[] {
  const reached = calledThrough(names);
  if (reached.size === 0) return [];
  const local = new Set<string>();
  for (const { name, node, scope } of names.imports) {
    const given = node.alias ?? node.name;
    if (reached.has(given) && !local.has(given) && imports.mayMatter(name, scope)) local.add(given);
  }
  return [...local].flatMap((name) => reached.get(name) ?? []);
}

/** The names of calls by the name that what is called starts with: `run` of `subprocess.run()` by `subprocess`. */
const calledThrough = once(({ calls }: Names): ReadonlyMap<string, readonly string[]> => {
  const found = new Map<string, string[]>();
  for (const [name, sites] of calls)
    for (const root of new Set(sites.map(({ call }) => rootOf(call)))) {
      const known = root !== null && found.get(root);
      if (known) known.push(name);
      else if (root !== null) found.set(root, [name]);
    }
  return found;
});

function rootOf({ callee }: Call): string | null {
  let at = callee;
  while (at.kind === "attribute") at = at.object;
  return at.kind === "name" ? at.id : null;
}

function callersOf(name: string, names: Names): Caller[] {
  // Of `super().__init__()`, whose constructor that is is told by the bases.
  const sites = name === "__init__" ? [] : (names.calls.get(name) ?? []);
  const called = sites.flatMap(callersAt);
  const given = callsGiven(name, names).flatMap(({ scope, statement }) => [
    ...[...functionsAround(scope)].map(calledAs),
    // `train_step = jax.jit(step)`: a call of the one comes to the other.
    ...(statement.kind === "assign" ? statement.targets.map(lastPart) : []),
  ]);
  return [
    ...called,
    ...[...given, ...(derived(names).get(name) ?? [])].map((caller) => ({ name: caller, site: null })),
  ];
}

const callersAt = once((site: CallSite): readonly Caller[] =>
  [...functionsAround(site.scope)].map((owner) => ({ name: calledAs(owner), site })),
);

/** Classes by their bases' names, where what calls the one runs the constructor of the other. */
const derived = once((names: Names): ReadonlyMap<string, readonly string[]> => {
  const found = new Map<string, string[]>();
  const add = (base: string, name: string) => found.get(base)?.push(name) ?? found.set(base, [name]);
  for (const { scope } of names.calls.get("__init__") ?? [])
    for (const owner of functionsAround(scope)) for (const base of basesOf(owner)) add(base, calledAs(owner));
  for (const { node, methods } of names.classes)
    if (!methods.has("__init__")) for (const { value } of node.bases) add(lastPart(value), node.name);
  return found;
});

function* functionsAround(scope: Scope): Iterable<FunctionInfo> {
  for (let at: Scope | null = scope; at; at = at.parent) if (at.info) yield at.info;
}

const basesOf = ({ owner }: FunctionInfo) => owner?.node.bases.map(({ value }) => lastPart(value)) ?? [];

/** What is called is a member of this imported module: `subprocess` of `subprocess.run`. */
function importBehind({ call, scope }: CallSite): Import | null {
  if (call.callee.kind !== "attribute") return null;
  let at = call.callee.object;
  let path = "";
  for (; at.kind === "attribute"; at = at.object) path = `.${at.name}${path}`;
  const [only, another] = (at.kind === "name" && scope.lookup(at.id)?.bindings) || [];
  return only?.kind === "import" && !another ? { name: only.name + path, scope: only.scope } : null;
}
