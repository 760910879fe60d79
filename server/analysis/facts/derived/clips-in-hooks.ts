/** Clips in methods that a framework calls before its own backward pass (Lightning's `training_step`). */
import type { Framework, HookBeforeBackward } from "../../frameworks/framework.ts";
import type { ClipEvent, ClipSite } from "../events/events.ts";
import type { Facts } from "../facts.ts";
import type { ClassInfo, FunctionInfo } from "../names/scope.ts";
import { once } from "../once.ts";
import type { Frame } from "../values/value.ts";
import { byNode } from "./order.ts";

export interface ClipInHook {
  readonly clip: ClipEvent;
  readonly method: FunctionInfo;
  readonly hook: HookBeforeBackward;
  readonly framework: Framework;
}

export const clipsInHooks = once((facts: Facts): readonly ClipInHook[] => {
  const frameworks = facts.frameworks.filter(({ beforeBackward }) => beforeBackward);
  if (frameworks.length === 0) return [];
  return byNode(facts.clips, ({ clip }) => clip.node).flatMap((sites) => {
    const found = sites.map((site) => inHook(facts, site, frameworks));
    return found[0] && !found.includes(null) ? [found[0]] : [];
  });
});

function inHook(facts: Facts, { clip, paths }: ClipSite, frameworks: readonly Framework[]): ClipInHook | null {
  if (clip.how !== "norm" && clip.how !== "value") return null;
  if (paths.some((path) => path.some(({ kind }) => kind === "backward" || kind === "unknown"))) return null;
  for (let at: Frame | null = facts.values.frames.for(clip.scope, clip.frame); at; at = at.call?.frame ?? null) {
    const method = at.scope.info;
    if (!method?.owner || facts.values.callers.of(method.scope).length > 0) continue;
    for (const framework of frameworks) {
      const hook = framework.beforeBackward;
      if (hook && isOf(facts, method, hook)) return { clip, method, hook, framework };
    }
  }
  return null;
}

function isOf(facts: Facts, { name, owner }: FunctionInfo, { base, methods, unless }: HookBeforeBackward): boolean {
  if (!owner || !methods.includes(name)) return false;
  const bases = basesOf(facts, owner);
  // A mixin from elsewhere may switch to updates by hand.
  if (!bases?.some((each) => base.test(each)) || !bases.every((each) => base.test(each) || /^(torch|abc)\./.test(each)))
    return false;
  return !unless || !facts.values.members.defines(owner, unless);
}

/** The classes of other modules that a class comes from; null where some can't be seen. */
function basesOf(facts: Facts, info: ClassInfo, seen = new Set<ClassInfo>()): string[] | null {
  if (seen.has(info)) return [];
  seen.add(info);
  const found: string[] = [];
  for (const base of info.node.bases) {
    if (base.keyword !== null) continue;
    for (const value of facts.values.evaluate(base.value, facts.values.frames.around(info.scope))) {
      const of =
        value.kind === "external" ? [value.name] : value.kind === "class" ? basesOf(facts, value.info, seen) : null;
      if (!of) return null;
      found.push(...of);
    }
  }
  return found;
}
