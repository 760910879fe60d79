/** Mixed precision: whether a loss scaler scales at all, and what scales without one that can be seen. */
import type { Framework } from "../../frameworks/framework.ts";
import type { Seen } from "../events/events.ts";
import type { Facts } from "../facts.ts";
import { argumentThrough } from "../values/passed.ts";

/** Made with `enabled=False`: then all that it does is to step. */
export function isDisabled(facts: Facts, { node, frame, scope }: Seen): boolean {
  return facts.values.evaluate(node, frame, scope).some((value) => {
    if (value.kind !== "external" || !value.call) return false;
    const enabled = value.call.arguments.find((argument) => argument.keyword === "enabled")?.value;
    return enabled?.kind === "constant" && enabled.value === false;
  });
}

/** An object that was told a precision with which it scales the loss, and skips the steps that overflow. */
export function scalesByItself(facts: Facts, { scaling }: Framework, { node, frame, scope }: Seen): boolean {
  const values = scaling ? facts.values.evaluate(node, frame, scope) : [];
  return (
    values.length > 0 &&
    values.every((value) => {
      if (value.kind !== "external" || !value.call) return false;
      const { call, frame, scope } = value;
      return scaling?.every(({ place, values: wanted, isDefault = false }) => {
        const given = argumentThrough(facts.values, call, place, frame, scope);
        const told = given ? facts.values.follow(given) : [];
        const isWanted = told.every(
          (one) =>
            one.kind === "literal" &&
            (one.node.kind === "string" || one.node.kind === "number") &&
            wanted.includes(one.node.value),
        );
        return given ? told.length > 0 && isWanted : isDefault;
      });
    })
  );
}
