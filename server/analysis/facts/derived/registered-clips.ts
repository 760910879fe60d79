/**
 * Gradients that PyTorch has clipped by a function that was registered with it: as the backward pass makes them
 * (`p.register_hook(lambda g: g.clamp(-1, 1))`), or as the optimizer begins its step.
 */
import { lastPart } from "../../syntax/call.ts";
import type { Facts } from "../facts.ts";
import type { Scope } from "../names/scope.ts";
import { once } from "../once.ts";

const CLIPS = /clip|clamp/i;
const REGISTERS = [
  "register_hook",
  "register_post_accumulate_grad_hook",
  "register_step_pre_hook",
  "register_optimizer_step_pre_hook",
];

/** Which parameters and optimizers have such a hook can't be told: any may. */
export const hasRegisteredClips = once(({ names, values }: Facts): boolean => {
  const clips = (inner: Scope) =>
    [...names.calls.values()].flat().some(({ call, scope }) => {
      if (scope.home !== inner) return false;
      const named = values.evaluate(call.callee, values.frames.of(scope), scope);
      return (
        CLIPS.test(lastPart(call.callee)) ||
        named.some((value) => value.kind === "external" && CLIPS.test(value.name.replace(/.*\./, "")))
      );
    });
  return REGISTERS.flatMap((name) => names.calls.get(name) ?? []).some(({ call, scope }) =>
    call.arguments.some(({ value }) =>
      values
        .evaluate(value, values.frames.of(scope), scope)
        .some((hook) => hook.kind === "function" && clips(hook.info.scope)),
    ),
  );
});
