/**
 * higher: optimizers of an inner loop, through whose steps the outer one differentiates. A step makes the gradients of its
 * loss by itself, and a `grad_callback` may change them; the weights that it moves are thrown away after the loop.
 */
import type { Framework } from "./framework.ts";

const OPTIMIZERS = ["higher.innerloop_ctx()[1]", "higher.optim.get_diff_optim()", "higher.optim.create_diff_optim()"];

export const higher: Framework = {
  name: "higher",
  title: "higher",
  mentions: ["import higher", "from higher"],
  triggers: ["step"],
  aliases: [
    ["higher.get_diff_optim", "higher.optim.get_diff_optim"],
    ["higher.create_diff_optim", "higher.optim.create_diff_optim"],
  ],
  calls: Object.fromEntries(OPTIMIZERS.map((name) => [`${name}.step`, { event: "nothing" }])),
  inert: /^higher(\.|$)/,
};
