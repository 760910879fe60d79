/** Mixed precision: whether a loss scaler scales at all, and what scales without one that can be seen. */
import type { Framework } from "../../frameworks/framework.ts";
import type { ToldSetting } from "../../frameworks/spelling.ts";
import type { Call } from "../../syntax/ast.ts";
import type { Seen } from "../events/events.ts";
import type { Facts } from "../facts.ts";
import type { CallSite, Scope } from "../names/scope.ts";
import { argumentThrough, seesOptions } from "../values/passed.ts";
import type { Frame } from "../values/value.ts";

/** Made with `enabled=False`: then all that it does is to step. */
export function isDisabled(facts: Facts, { node, frame, scope }: Seen): boolean {
  return facts.values.evaluate(node, frame, scope).some((value) => {
    if (value.kind !== "external" || !value.call) return false;
    const enabled = value.call.arguments.find((argument) => argument.keyword === "enabled")?.value;
    return enabled?.kind === "constant" && enabled.value === false;
  });
}

/** An object that was told a precision with which it scales the loss, and skips the steps that overflow. */
export const scalesByItself = (facts: Facts, { scaling }: Framework, receiver: Seen): boolean =>
  scaling !== undefined && isTold(facts, scaling, receiver) === true;

/** An object that may have been told so: nothing that it was told rules it out. */
export const mayScale = (facts: Facts, { scaling }: Framework, receiver: Seen): boolean =>
  scaling !== undefined && isTold(facts, scaling, receiver) !== false;

/** Whether an object was built with all of these; null where that can't be seen. */
export function isTold(facts: Facts, wanted: readonly ToldSetting[], { node, frame, scope }: Seen): boolean | null {
  const built = facts.values
    .evaluate(node, frame, scope)
    .map((value) =>
      value.kind === "external" && value.call
        ? all(wanted.map((one) => isGiven(facts, one, value.call!, value.frame, value.scope)))
        : null,
    );
  const [first = null] = built;
  return built.every((one) => one === first) ? first : null;
}

/** Whether the file builds such an object, by its qualified name, and tells it all of these. */
export const buildsTold = (facts: Facts, built: string, wanted: readonly ToldSetting[]): boolean =>
  builtIn(facts, built).some((site) => isToldAll(facts, site, wanted));

/** Whether it builds some, and tells all of them so. */
export function buildsOnlyTold(facts: Facts, built: string, wanted: readonly ToldSetting[]): boolean {
  const sites = builtIn(facts, built);
  return sites.length > 0 && sites.every((site) => isToldAll(facts, site, wanted));
}

function builtIn({ names, values }: Facts, built: string): readonly CallSite[] {
  return (names.calls.get(built.slice(built.lastIndexOf(".") + 1)) ?? []).filter(({ call, scope }) => {
    const made = values.evaluate(call.callee, values.frames.of(scope), scope);
    return made.some((value) => value.kind === "external" && value.name === built);
  });
}

const isToldAll = (facts: Facts, { call, scope }: CallSite, wanted: readonly ToldSetting[]): boolean =>
  all(wanted.map((one) => isGiven(facts, one, call, facts.values.frames.of(scope), scope))) === true;

function isGiven(
  { values }: Facts,
  { place, values: wanted, isDefault = false }: ToldSetting,
  call: Call,
  frame: Frame,
  scope: Scope,
): boolean | null {
  const given = argumentThrough(values, call, place, frame, scope);
  if (!given) return seesOptions(values, call, frame, scope) ? isDefault : null;
  const told = values.follow(given).map((value) => {
    if (value.kind !== "literal") return null;
    const { node } = value;
    return node.kind === "string" || node.kind === "number" ? wanted.includes(node.value) : null;
  });
  return told.length === 0 ? null : all(told);
}

const all = (known: readonly (boolean | null)[]): boolean | null =>
  known.includes(false) ? false : known.includes(null) ? null : true;
