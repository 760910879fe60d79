/** Which calls are worth a look: what frameworks name, and the functions that come to one of those. */
import type { Call, Expression } from "../syntax/ast.ts";
import { lastPart } from "../syntax/call.ts";
import type { Classifier } from "./classify.ts";
import type { Imports } from "./imports.ts";
import type { CallSite, Names, Scope } from "./scope.ts";
import type { Values } from "./values.ts";

/** Names of functions by the names that they call, and of classes by what their constructor is called. */
type Callers = ReadonlyMap<string, ReadonlySet<string>>;

const known = new WeakMap<Names, Callers>();

export function relevantNames({ imports }: Values, classifier: Classifier): Set<string> {
  const all = imports.around();
  const callers = all.map(callersIn);
  const relevant = new Set<string>();
  const queue: string[] = [];
  const add = (name: string) => {
    if (relevant.has(name)) return;
    relevant.add(name);
    queue.push(name);
  };
  for (const names of all) {
    for (const name of names.calls.keys()) if (classifier.mayMatter(name)) add(name);
    for (const { name } of names.changesGradients) add(name);
    if (classifier.mayUnpack) for (const name of unpackedNames(names)) add(name);
  }
  // What these modules import in turn is parsed only where the walk gets there.
  for (const names of all.slice(1)) for (const name of namesOfImports(names, imports)) add(name);
  for (let name = queue.pop(); name !== undefined; name = queue.pop())
    for (const of of callers) for (const caller of of.get(name) ?? []) add(caller);
  return relevant;
}

/** What a call is given that may be a function: it may call it, or give back something that does. */
export function passedFunctions({ call, scope }: CallSite): string[] {
  return call.arguments.flatMap(({ value }) => callables(value, scope));
}

function callables(node: Expression, scope: Scope): string[] {
  if (node.kind === "conditional") return [...callables(node.body, scope), ...callables(node.otherwise, scope)];
  if (node.kind === "attribute") return [node.name];
  if (node.kind !== "name") return [];
  const bindings = scope.lookup(node.id)?.bindings ?? [];
  const may = bindings.some(({ kind, ...of }) => kind === "function" || ("value" in of && of.value.kind === "call"));
  return may ? [node.id] : [];
}

/** `init, update = adam(1e-3)`: names of parts of what calls return, where such a part is called. */
function unpackedNames({ module, functions, calls }: Names): string[] {
  const variables = [module, ...functions.map(({ scope }) => scope)].flatMap(({ variables }) => [
    ...variables.values(),
  ]);
  return variables.flatMap(({ name, bindings }) => {
    const unpacked = bindings.some((b) => b.kind === "value" && b.path.length > 0 && b.value.kind === "call");
    return unpacked && calls.has(name) ? [name] : [];
  });
}

/** What is called of modules that may have to do with training: imported functions, and members of imported modules. */
function namesOfImports({ imports: imported, calls }: Names, imports: Imports): string[] {
  const local = new Set<string>();
  for (const { name, node, scope } of imported) if (imports.mayMatter(name, scope)) local.add(node.alias ?? node.name);
  if (local.size === 0) return [];
  const reached = (call: Call) => {
    let at = call.callee;
    while (at.kind === "attribute") at = at.object;
    return at.kind === "name" && local.has(at.id);
  };
  return [...calls].flatMap(([name, sites]) => (sites.some(({ call }) => reached(call)) ? [name] : []));
}

function callersIn(names: Names): Callers {
  const found = known.get(names);
  if (found) return found;
  const callers = new Map<string, Set<string>>();
  const add = (called: string, caller: string) =>
    callers.get(called)?.add(caller) ?? callers.set(called, new Set([caller]));
  for (const [called, sites] of names.calls)
    for (const site of sites)
      for (const reached of [called, ...passedFunctions(site)]) {
        for (let at: Scope | null = site.scope; at; at = at.parent) if (at.info) add(reached, at.info.name);
        // `train_step = jax.jit(step)`: a call of the one comes to the other.
        if (reached !== called && site.statement.kind === "assign")
          for (const target of site.statement.targets) add(reached, lastPart(target));
      }
  // What calls a class runs its constructor.
  for (const { node, methods } of names.classes) if (methods.has("__init__")) add("__init__", node.name);
  known.set(names, callers);
  return callers;
}
