/** JAX with Optax: gradient transformations that are chained, so that clipping is a link of the optimizer. */
import { at, type Framework } from "./framework.ts";

const CLIP_NORM = /^optax\.clip_by_global_norm$/;
const CLIP_BLOCK = /^optax\.(clip_by_block_rms|per_example_\w*clip\w*)$/;
const CLIP_VALUE = /^optax\.clip$/;
const ADAPTIVE = /^optax\.adaptive_grad_clip$/;

export const optax: Framework = {
  name: "optax",
  title: "Optax",
  mentions: ["optax"],
  triggers: ["apply_gradients", "apply_updates", "update"],
  aliases: [
    ["optax.transforms", "optax"],
    ["jax.tree.map", "jax.tree_util.tree_map"],
    ["jax.tree_map", "jax.tree_util.tree_map"],
  ],
  optimizers: /^optax\.(contrib\.)?(?!clip|adaptive_grad_clip|apply_updates|chain)\w+$/,
  settings: [
    { on: CLIP_NORM, threshold: at(0, "max_norm"), kind: "norm" },
    { on: CLIP_VALUE, threshold: at(0, "max_delta"), kind: "value" },
    { on: CLIP_BLOCK, threshold: at(0, "threshold"), kind: "per-variable-norm" },
    { on: ADAPTIVE, threshold: at(0, "clipping"), kind: "adaptive" },
  ],
  combines:
    /^optax\.(chain|named_chain|multi_transform|partition|MultiSteps|apply_if_finite|masked|flatten|lookahead)$/,
  optimizerMethods: { update: { event: "step", optimizer: "receiver" } },
  calls: {
    "jax.grad()": { event: "backward" },
    "jax.value_and_grad()": { event: "backward" },
    "jax.lax.scan": { event: "runs", function: at(0, "f") },
    "jax.lax.fori_loop": { event: "runs", function: at(2, "body_fun") },
    "jax.lax.while_loop": { event: "runs", function: at(1, "body_fun") },
  },
  passThrough: { "jax.jit": "first", "jax.pmap": "first", "jax.vmap": "first", "jax.checkpoint": "first" },
  inert: /^(jax|optax|jaxlib)(\.|$)/,
  spelling: {
    place: "around",
    functions: ["optax.chain", "optax.clip_by_global_norm"],
    write: ({ functions: [chain, clip], optimizer, threshold }) => `${chain}(${clip}(${threshold}), ${optimizer})`,
  },
};
