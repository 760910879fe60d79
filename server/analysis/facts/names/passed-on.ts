/** What calls are given by name: functions among it may be called by what takes them, or by what comes back. */
import type { Expression } from "../../syntax/ast.ts";
import { once } from "../once.ts";
import { Gathered, type Part } from "./part.ts";
import { listed } from "./reads.ts";
import type { CallSite, Names, Scope } from "./scope.ts";

/** The calls that are given what may be a function of that name. */
export function callsGiven(name: string, names: Names): CallSite[] {
  return listed(names, given, name).filter(({ call, scope }) =>
    call.arguments.some(({ value }) => mayBe(name, value, scope)),
  );
}

/** The calls that are given something of a name, by that name. */
const given = once(({ parts, module }: Names) => givenBefore(module).of(parts.map(givenIn)));

/** A module's scope is the same in all versions of its text. */
const givenBefore = once((_module: Scope) => new Gathered<CallSite>());

const givenIn = once(({ calls }: Part): ReadonlyMap<string, readonly CallSite[]> => {
  const found = new Map<string, CallSite[]>();
  for (const sites of calls.values())
    for (const site of sites) {
      const names = new Set(site.call.arguments.flatMap(({ value }) => namesIn(value)));
      for (const name of names) {
        const known = found.get(name);
        if (known) known.push(site);
        else found.set(name, [site]);
      }
    }
  return found;
});

function namesIn(node: Expression): string[] {
  if (node.kind === "conditional") return [...namesIn(node.body), ...namesIn(node.otherwise)];
  return node.kind === "attribute" ? [node.name] : node.kind === "name" ? [node.id] : [];
}

function mayBe(name: string, node: Expression, scope: Scope): boolean {
  if (node.kind === "conditional") return mayBe(name, node.body, scope) || mayBe(name, node.otherwise, scope);
  if (node.kind === "attribute") return node.name === name;
  if (node.kind !== "name" || node.id !== name) return false;
  const bindings = scope.lookup(name)?.bindings ?? [];
  return bindings.some(
    (of) => of.kind === "function" || of.kind === "import" || ("value" in of && of.value.kind === "call"),
  );
}
