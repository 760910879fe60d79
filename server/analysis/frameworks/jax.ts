/** JAX itself: functions that give gradients, loops and compilation. */
import { at, type Framework, type Meaning } from "./framework.ts";

const backward: Meaning = { event: "backward" };

export const jax: Framework = {
  name: "jax",
  title: "JAX",
  mentions: ["jax"],
  triggers: [/\btree(_util)?\.map|tree_(multi)?map/],
  aliases: [
    ["jax.tree.map", "jax.tree_util.tree_map"],
    ["jax.tree_map", "jax.tree_util.tree_map"],
    ["jax.tree_multimap", "jax.tree_util.tree_map"],
    ["jax.tree_util.tree_multimap", "jax.tree_util.tree_map"],
    ["jax.tree_util.Partial", "functools.partial"],
    ["jax._src.api.", "jax."],
  ],
  calls: {
    "jax.grad()": backward,
    "jax.value_and_grad()": backward,
    "jax.vjp()": backward,
    "jax.tree_util.tree_map": {
      event: "step",
      optimizer: at(1, "tree"),
      byHand: true,
      subtracts: at(0, "f"),
      onlyGradients: true,
      gradients: { place: at(2), shape: "gradients" },
    },
    "jax.linear_transpose()": backward,
    "jax.lax.scan": { event: "runs", function: at(0, "f"), passes: [[0, at(1, "init")]] },
    "jax.lax.fori_loop": { event: "runs", function: at(2, "body_fun"), passes: [[1, at(3, "init_val")]] },
    "jax.lax.while_loop": { event: "runs", function: at(1, "body_fun"), passes: [[0, at(2, "init_val")]] },
    "jax.lax.cond": {
      event: "runs",
      function: at(1, "true_fun"),
      otherwise: at(2, "false_fun"),
      passes: [0, 1, 2, 3].map((parameter) => [parameter, at(3 + parameter)]),
    },
  },
  passThrough: {
    "jax.jit": "first",
    "jax.pmap": "first",
    "jax.vmap": "first",
    "jax.checkpoint": "first",
    "jax.remat": "first",
    "jax.named_call": "first",
    "jax.shard_map": "first",
    "jax.experimental.shard_map.shard_map": "first",
    "jax.experimental.pjit.pjit": "first",
    "jax.experimental.maps.xmap": "first",
  },
  maps: { "jax.tree_util.tree_map": at(0, "f"), "jax.tree_util.tree_map_with_path": at(0, "f"), "builtins.map": at(0) },
  elementwise: /^(jax\.(numpy|lax|nn)|numpy)\.\w+$/,
  inert:
    /^(jax|jaxlib|jaxtyping|chex|jmp|numpy|operator|functools|itertools|math|einops|absl|clu|ml_collections)(\.|$)/,
};
