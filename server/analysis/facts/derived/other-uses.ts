/** What else a number is given to than the clip that it is the threshold of. */
import { type Call, childrenOf, type Expression } from "../../syntax/ast.ts";
import type { Seen } from "../events/events.ts";
import type { Facts } from "../facts.ts";
import type { Scope } from "../names/scope.ts";
import { type KnownThreshold, thresholdSource } from "./threshold.ts";

/** Libraries whose functions compute with what they are given; that a number is logged or compared is no use of it. */
const COMPUTES =
  /^(torch(?!\.utils\.tensorboard\b)|tensorflow(?!\.summary\b)|keras|jax|optax|flax|haiku|equinox|mlx|paddle|numpy|scipy|transformers|timm|accelerate|lightning|pytorch_lightning)\./;

/** The first call in the file to something else that is given the same number. `limits`: where what clips names it. */
export function otherUse(facts: Facts, { literal }: KnownThreshold, limits: readonly Expression[]): Call | null {
  const own = new Set(limits);
  const isSame = (node: Expression, scope: Scope): boolean => {
    if (own.has(node)) return false;
    if (node.kind === "name" || node.kind === "attribute" || node.kind === "subscript")
      return comesFrom(facts, { node, frame: facts.values.frames.of(scope), scope }, literal);
    return (node.kind === "unary" || node.kind === "binary") && childrenOf(node).some((child) => isSame(child, scope));
  };
  for (const sites of facts.names.calls.values())
    for (const { call, scope } of sites)
      if (computes(facts, call, scope) && call.arguments.some(({ value }) => isSame(value, scope))) return call;
  return null;
}

function computes(facts: Facts, { callee }: Call, scope: Scope): boolean {
  const values = facts.values.evaluate(callee, facts.values.frames.of(scope), scope);
  return values.some((value) => value.kind === "external" && COMPUTES.test(value.name));
}

function comesFrom(facts: Facts, seen: Seen, literal: Expression): boolean {
  const source = thresholdSource(facts, seen);
  return "literal" in source && source.literal === literal;
}
