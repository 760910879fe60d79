/** Flax: train states and NNX optimizers, which carry an Optax transformation. */
import { at, type Framework, type Meaning } from "./framework.ts";

const backward: Meaning = { event: "backward" };
const apply: Meaning = {
  event: "step",
  optimizer: "receiver",
  gradients: { place: at(null, "grads"), shape: "gradients" },
};
const update: Meaning = { event: "step", optimizer: "receiver", gradients: { place: "last", shape: "gradients" } };

export const flax: Framework = {
  name: "flax",
  title: "Flax",
  // A module of the workspace may define the train state of a file that has no more than the optimizer.
  mentions: ["flax", "optax"],
  triggers: ["apply_gradients", "update"],
  aliases: [
    ["flax.nnx.optimizer", "flax.nnx"],
    ["flax.experimental.nnx", "flax.nnx"],
    ["flax.nnx.cached_partial", "functools.partial"],
  ],
  carries: {
    "flax.training.train_state.TrainState.create": at(null, "tx"),
    "flax.training.train_state.TrainState": at(null, "tx"),
    "flax.nnx.Optimizer": at(1, "tx"),
    "flax.nnx.ModelAndOptimizer": at(1, "tx"),
  },
  // One that only has further fields: batch statistics, a key.
  carriesDerived: {
    base: /^flax\.training\.train_state\.TrainState$/,
    defining: /^(?!(apply_gradients|create|replace|tx|opt_state|__\w+__)$)/,
  },
  settings: [],
  calls: {
    "flax.nnx.grad()": backward,
    "flax.nnx.value_and_grad()": backward,
    "flax.training.train_state.TrainState.create().apply_gradients": apply,
    "flax.training.train_state.TrainState().apply_gradients": apply,
    "flax.nnx.Optimizer().update": update,
    "flax.nnx.ModelAndOptimizer().update": update,
    "flax.nnx.scan": { event: "nothing" },
  },
  methods: {
    apply_gradients: apply,
    apply_gradient: { ...apply, gradients: { place: at(0, "grads"), shape: "gradients" } },
    update: { ...update, onlyGradients: true },
  },
  // Also of a state that a helper made.
  returnsReceiver: /[)\]]\.(apply_gradients|replace)$/,
  passThrough: {
    "flax.nnx.jit": "first",
    "flax.nnx.pmap": "first",
    "flax.nnx.vmap": "first",
    "flax.nnx.remat": "first",
    "flax.jax_utils.replicate": "first",
    "flax.jax_utils.unreplicate": "first",
    "flax.training.common_utils.shard": "first",
    "flax.training.checkpoints.restore_checkpoint": at(1, "target"),
    "clu.checkpoint.Checkpoint().restore_or_initialize": at(0, "state"),
    "jax.device_put": "first",
    "jax.device_put_replicated": "first",
    "jax.block_until_ready": "first",
  },
  inert: /^flax(\.|$)/,
  layers: ["flax.linen.", "flax.nnx."],
  architectures: [
    {
      architecture: "transformer",
      pattern:
        /^flax\.(linen|nnx)\.(MultiHead(DotProduct)?Attention|SelfAttention|dot_product_attention|MultiHeadAttention)\b/,
    },
    {
      architecture: "recurrent",
      pattern:
        /^flax\.(linen|nnx)\.(LSTMCell|OptimizedLSTMCell|GRUCell|MGUCell|SimpleCell|ConvLSTMCell|RNN|Bidirectional)\b/,
    },
    { architecture: "convolutional", pattern: /^flax\.(linen|nnx)\.(Conv|ConvTranspose|ConvLocal)\b/ },
  ],
};
