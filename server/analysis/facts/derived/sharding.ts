/** Models of which each process holds only a shard. */
import type { Call, Expression } from "../../syntax/ast.ts";
import { argumentOf } from "../../syntax/call.ts";
import type { Seen } from "../events/events.ts";
import type { Facts } from "../facts.ts";
import type { Value } from "../values/value.ts";

const MAX_STEPS = 6;

/** The sharded model behind an iterable of parameters, whatever way leads there; null where it may be whole. */
export function shardedModel(facts: Facts, parameters: Seen): { model: Seen; wrapper: Call } | null {
  const model = modelBehind(facts, parameters);
  if (!model) return null;
  const wrappers = facts.values
    .evaluate(model.node, model.frame, model.scope)
    .map((value) => shardingWrapper(facts, value));
  const [wrapper] = wrappers;
  return wrapper && wrappers.every((each) => each !== null) ? { model, wrapper } : null;
}

/** `model` in `model.parameters()`, `list(model.parameters())`, or a variable that holds either. */
function modelBehind(facts: Facts, parameters: Seen): Seen | null {
  let at: Seen | null = parameters;
  for (let step = 0; at && step < MAX_STEPS; step++) {
    const { node, frame, scope }: Seen = at;
    if (node.kind === "call" && node.callee.kind === "attribute")
      return node.callee.name === "parameters" && node.arguments.length === 0
        ? { node: node.callee.object, frame, scope }
        : null;
    const held = heldBy(node);
    if (held) {
      at = { node: held, frame, scope };
      continue;
    }
    const found = facts.values.variables.of(node, frame, scope);
    const [binding, another] = found?.variable.bindings ?? [];
    const plain = found && !another && binding?.kind === "value" && binding.path.length === 0;
    at = plain
      ? { node: binding.value, frame: facts.values.frames.for(binding.scope, found.frame), scope: binding.scope }
      : null;
  }
  return null;
}

/** `x` in `list(x)`, `filter(f, x)`, `[p for p in x if …]`. */
function heldBy(node: Expression): Expression | null {
  if (node.kind === "comprehension") return node.clauses.length === 1 ? (node.clauses[0]?.iterable ?? null) : null;
  if (node.kind !== "call" || node.callee.kind !== "name") return null;
  const [first, second] = node.arguments.map((argument) => argument.value);
  if (/^(list|tuple|iter)$/.test(node.callee.id)) return first ?? null;
  return node.callee.id === "filter" ? (second ?? null) : null;
}

function shardingWrapper(facts: Facts, value: Value): Call | null {
  if (value.kind !== "external" || !value.call || !value.name.endsWith("()")) return null;
  const { call, frame, scope } = value;
  const shards = facts.frameworks
    .map((framework) => framework.shards)
    .find((each) => each?.wrapper.test(value.name.slice(0, -2)));
  if (!shards || call.arguments.some(({ stars }) => stars !== 0)) return null;
  const strategy = argumentOf(call, shards.strategy.position, shards.strategy.keyword)?.value;
  const strategies = strategy ? facts.values.evaluate(strategy, frame, scope) : [];
  const surely = strategies.every(
    (each) =>
      each.kind === "none" ||
      (each.kind === "external" && each.call === null && !shards.whole.test(each.name) && !each.name.endsWith("*")),
  );
  return surely ? call : null;
}
