/**
 * Gradients that PyTorch has clipped by a function that was registered with it: as the backward pass makes them
 * (`p.register_hook(lambda g: g.clamp(-1, 1))`), or as the optimizer begins its step.
 */
import { childrenOf, type Expression } from "../../syntax/ast.ts";
import { lastPart } from "../../syntax/call.ts";
import type { Facts } from "../facts.ts";
import { once } from "../once.ts";

const CLIPS = /clip|clamp/i;
const REGISTERS = [
  "register_hook",
  "register_post_accumulate_grad_hook",
  "register_step_pre_hook",
  "register_optimizer_step_pre_hook",
];

/** Which parameters and optimizers have such a hook can't be told: any may. */
export const hasRegisteredClips = once(({ names, values }: Facts): boolean =>
  REGISTERS.flatMap((name) => names.calls.get(name) ?? []).some(({ call, scope }) =>
    call.arguments.some(({ value }) =>
      values
        .evaluate(value, values.frames.of(scope), scope)
        .some(
          (hook) =>
            hook.kind === "function" &&
            (hook.info.node.kind === "lambda"
              ? clips(hook.info.node.body)
              : [...names.calls].some(
                  ([name, sites]) => CLIPS.test(name) && sites.some((site) => site.scope.home === hook.info.scope),
                )),
        ),
    ),
  ),
);

function clips(node: Expression): boolean {
  return (node.kind === "call" && CLIPS.test(lastPart(node.callee))) || childrenOf(node).some(clips);
}
