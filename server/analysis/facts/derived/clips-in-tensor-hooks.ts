/** Gradients that are clipped as the backward pass makes them: `p.register_hook(lambda g: g.clamp(-1, 1))`. */
import { childrenOf, type Expression } from "../../syntax/ast.ts";
import { lastPart } from "../../syntax/call.ts";
import type { Facts } from "../facts.ts";
import { once } from "../once.ts";

const CLIPS = /clip|clamp/i;

/** Which parameters have such a hook can't be told: any may. */
export const hasClippingHooks = once(({ names, values }: Facts): boolean =>
  (names.calls.get("register_hook") ?? []).some(({ call, scope }) =>
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
