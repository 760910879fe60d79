/** Which calls are worth a look: what frameworks name, and the functions that come to one of those. */
import type { Call, Expression } from "../../syntax/ast.ts";
import { lastPart } from "../../syntax/call.ts";
import type { CallSite, FunctionInfo, Names, Scope } from "../names/scope.ts";
import type { Imports } from "../values/imports.ts";
import type { Values } from "../values/values.ts";
import type { Classifier } from "./classify.ts";

interface Callers {
  /** Names of functions by the names that they call, and of classes by what their constructor is called. */
  readonly open: ReadonlyMap<string, ReadonlySet<string>>;
  /** The same for members of imported modules (`subprocess.run`). */
  readonly imported: ReadonlyMap<string, readonly { readonly from: Import; readonly caller: string }[]>;
}

interface Import {
  readonly name: string;
  readonly scope: Scope;
}

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
    for (const info of names.changesGradients) add(calledAs(info));
    if (classifier.mayUnpack) for (const name of unpackedNames(names)) add(name);
  }
  // What these modules import in turn is parsed only where the walk gets there.
  for (const names of all.slice(1)) for (const name of namesOfImports(names, imports)) add(name);
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    const known = classifier.mayMatter(name);
    for (const { open, imported } of callers) {
      for (const caller of open.get(name) ?? []) add(caller);
      // A library's function that goes by the name of one of ours isn't it.
      for (const { from, caller } of imported.get(name) ?? [])
        if (!relevant.has(caller) && (known || imports.isAround(from.name, from.scope))) add(caller);
    }
  }
  // Which of a class's bases it means is told where it is called.
  relevant.add("__init__");
  return relevant;
}

/** The name that a function is called by: a constructor's is the class's. */
export const calledAs = ({ name, owner }: FunctionInfo): string =>
  name === "__init__" && owner ? owner.node.name : name;

/** What a call is given that may be a function: it may call it, or give back something that does. */
export function passedFunctions({ call, scope }: CallSite): string[] {
  return call.arguments.flatMap(({ value }) => callables(value, scope));
}

function callables(node: Expression, scope: Scope): string[] {
  if (node.kind === "conditional") return [...callables(node.body, scope), ...callables(node.otherwise, scope)];
  if (node.kind === "attribute") return [node.name];
  if (node.kind !== "name") return [];
  const bindings = scope.lookup(node.id)?.bindings ?? [];
  const may = bindings.some((of) => of.kind === "function" || ("value" in of && of.value.kind === "call"));
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
  const open = new Map<string, Set<string>>();
  const imported = new Map<string, { from: Import; caller: string }[]>();
  const add = (called: string, caller: string) => open.get(called)?.add(caller) ?? open.set(called, new Set([caller]));
  const addImported = (called: string, caller: string, from: Import) => {
    const callers = imported.get(called);
    if (!callers) imported.set(called, [{ from, caller }]);
    else if (!callers.some((known) => known.caller === caller && known.from.name === from.name))
      callers.push({ from, caller });
  };
  for (const [called, sites] of names.calls)
    for (const site of sites) {
      const from = importBehind(site);
      const owners = [...functionsAround(site.scope)];
      for (const name of called === "__init__" ? owners.flatMap(basesOf) : [called])
        for (const owner of owners) from ? addImported(name, calledAs(owner), from) : add(name, calledAs(owner));
      for (const passed of passedFunctions(site)) {
        for (const owner of owners) add(passed, calledAs(owner));
        // `train_step = jax.jit(step)`: a call of the one comes to the other.
        if (site.statement.kind === "assign")
          for (const target of site.statement.targets) add(passed, lastPart(target));
      }
    }
  // What calls a class runs its constructor, or a base's.
  for (const { node, methods } of names.classes)
    if (!methods.has("__init__")) for (const { value } of node.bases) add(lastPart(value), node.name);
  known.set(names, { open, imported });
  return { open, imported };
}

function* functionsAround(scope: Scope): Iterable<FunctionInfo> {
  for (let at: Scope | null = scope; at; at = at.parent) if (at.info) yield at.info;
}

const basesOf = ({ owner }: FunctionInfo) => owner?.node.bases.map(({ value }) => lastPart(value)) ?? [];

/** What is called is reached through this import: `subprocess` of `subprocess.run`. */
function importBehind({ call, scope }: CallSite): Import | null {
  if (call.callee.kind !== "attribute") return null;
  let at = call.callee.object;
  let path = "";
  for (; at.kind === "attribute"; at = at.object) path = `.${at.name}${path}`;
  const [only, another] = (at.kind === "name" && scope.lookup(at.id)?.bindings) || [];
  return only?.kind === "import" && !another ? { name: only.name + path, scope: only.scope } : null;
}
