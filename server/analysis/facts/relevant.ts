import type { Classifier } from "./classify.ts";
import type { Scope } from "./scope.ts";
import type { Values } from "./values.ts";

const MUTATORS = new Set(["clamp_", "mul_", "div_", "copy_"]);

/** The names of calls worth a look: what frameworks name, and the functions of this file that come to one of those. */
export function relevantNames(values: Values, classifier: Classifier): Set<string> {
  const relevant = new Set<string>();
  const within = new Map<string, Set<string>>();
  for (const [name, sites] of values.names.calls) {
    if (classifier.mayMatter(name)) relevant.add(name);
    for (const { scope } of sites)
      for (let at: Scope | null = scope; at; at = at.parent)
        if (at.info) {
          const key = at.info.name;
          within.get(key)?.add(name) ?? within.set(key, new Set([name]));
        }
  }
  for (let grew = true; grew; ) {
    grew = false;
    for (const [name, calls] of within) {
      if (relevant.has(name) || ![...calls].some((called) => relevant.has(called) || MUTATORS.has(called))) continue;
      relevant.add(name);
      grew = true;
    }
    // What calls a class runs its constructor.
    for (const { node, methods } of values.names.classes) {
      if (relevant.has(node.name) || !methods.has("__init__") || !relevant.has("__init__")) continue;
      relevant.add(node.name);
      grew = true;
    }
  }
  return relevant;
}
