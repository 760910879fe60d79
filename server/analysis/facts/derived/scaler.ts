/** Mixed precision: whether a loss scaler scales at all. */
import type { Seen } from "../events/events.ts";
import type { Facts } from "../facts.ts";

/** Made with `enabled=False`: then all that it does is to step. */
export function isDisabled(facts: Facts, { node, frame, scope }: Seen): boolean {
  return facts.values.evaluate(node, frame, scope).some((value) => {
    if (value.kind !== "external" || !value.call) return false;
    const enabled = value.call.arguments.find((argument) => argument.keyword === "enabled")?.value;
    return enabled?.kind === "constant" && enabled.value === false;
  });
}
