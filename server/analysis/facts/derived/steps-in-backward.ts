/** Optimizers that step in hooks of the backward pass, as each gradient is made. */
import type { Call } from "../../syntax/ast.ts";
import type { ClipEvent } from "../events/events.ts";
import type { Facts } from "../facts.ts";
import type { FunctionInfo, Scope } from "../names/scope.ts";
import { byNode, updatesAfter } from "./order.ts";

export interface UselessClip {
  readonly clip: ClipEvent;
  /** Where the hook is registered. */
  readonly hook: Call;
}

/** Clips after a backward pass in which the optimizer has stepped, and before no update. */
export function clipsAfterHooks(facts: Facts): UselessClip[] {
  const hook = steppingHook(facts);
  if (!hook) return [];
  return byNode(facts.clips, ({ clip }) => clip.node).flatMap((sites) => {
    const clip = sites[0]?.clip;
    const made = sites.every(({ paths }) => paths.every((path) => path.some(({ kind }) => kind === "backward")));
    const acts = sites.some((site) => updatesAfter(facts, site.clip).length > 0);
    return clip && made && !acts && (clip.how === "norm" || clip.how === "value") ? [{ clip, hook }] : [];
  });
}

function steppingHook(facts: Facts): Call | null {
  for (const { backwardHooks } of facts.frameworks)
    for (const name of backwardHooks ?? [])
      for (const { call, scope } of facts.names.calls.get(name) ?? []) {
        const given = call.arguments[0]?.value;
        const functions = given ? facts.values.evaluate(given, facts.values.frames.of(scope), scope) : [];
        if (functions.some((value) => value.kind === "function" && steps(facts, value.info))) return call;
      }
  return null;
}

function steps(facts: Facts, info: FunctionInfo): boolean {
  return (facts.names.calls.get("step") ?? []).some(({ scope }) => {
    for (let at: Scope | null = scope; at; at = at.parent) if (at.info === info) return true;
    return false;
  });
}
