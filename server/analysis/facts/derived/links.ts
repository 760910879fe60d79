/** Transformations that are combined to one optimizer: what each does, in the order in which they act. */
import type { Argument, Call } from "../../syntax/ast.ts";
import type { Combined } from "../events/events.ts";
import type { Facts } from "../facts.ts";
import { once } from "../once.ts";
import type { CallPlace, Located } from "../values/value.ts";

export interface Link {
  readonly argument: Argument;
  readonly role: "clip" | "optimizer" | "accumulator" | "other";
  /** The one call that builds it; null where it may be several, or can't be seen. */
  readonly call: Call | null;
  readonly name: string;
}

export interface Chain extends Combined {
  readonly links: readonly Link[];
}

/** The calls in whose arguments transformations act one after the other, each once. */
export const chainsOf = once((facts: Facts): readonly Chain[] => {
  const combined = facts.updates.flatMap(({ step }) => step.optimizer.combined);
  const ordered = combined.filter(({ combination }) => combination.inOrder);
  const chains = new Map(ordered.map((one) => [one.call, one]));
  return [...chains.values()].map((chain) => ({ ...chain, links: linksOf(facts, chain) }));
});

/** What acts one after the other in a call, by its arguments. */
export const linksOf = (facts: Facts, { call, frame, scope }: CallPlace): Link[] =>
  call.arguments.map((argument) => ({ argument, ...linkOf(facts, { node: argument.value, frame, scope }, [call]) }));

/** `around` are the calls that it stands in: an optimizer may be rebound to a chain of itself. */
function linkOf(facts: Facts, located: Located, around: readonly Call[]): Omit<Link, "argument"> {
  const other = { role: "other", call: null, name: "" } as const;
  const [value, another] = facts.values.follow(located);
  if (value?.kind !== "external" || !value.call || another || around.includes(value.call)) return other;
  const { optimizers } = facts.classifier;
  const { call, frame, scope } = value;
  const name = optimizers.constructorOf(value.name);
  const combination = optimizers.combinationOf(name);
  if (combination?.accumulates) return { role: "accumulator", call, name };
  if (combination) {
    const inner = [...around, call];
    const parts = call.arguments.map((argument) => linkOf(facts, { node: argument.value, frame, scope }, inner).role);
    return { role: parts.includes("optimizer") ? "optimizer" : "other", call, name };
  }
  if (optimizers.finishes(name)) return { role: "optimizer", call, name };
  return optimizers.isTransformation(name) && !optimizers.isOptimizer(name)
    ? { role: "clip", call, name }
    : { ...other, name };
}
