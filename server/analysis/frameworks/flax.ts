/** Flax: train states and NNX optimizers, which carry an Optax transformation. */
import { at, type Framework } from "./framework.ts";

export const flax: Framework = {
  name: "flax",
  title: "Flax",
  mentions: ["flax"],
  triggers: ["apply_gradients", "update"],
  aliases: [["flax.nnx.optimizer", "flax.nnx"]],
  carries: {
    "flax.training.train_state.TrainState.create": at(null, "tx"),
    "flax.nnx.Optimizer": at(1, "tx"),
    "flax.nnx.ModelAndOptimizer": at(1, "tx"),
  },
  settings: [],
  calls: {
    "flax.nnx.grad()": { event: "backward" },
    "flax.nnx.value_and_grad()": { event: "backward" },
    "flax.training.train_state.TrainState.create().apply_gradients": { event: "step", optimizer: "receiver" },
    "flax.nnx.Optimizer().update": { event: "step", optimizer: "receiver" },
    "flax.nnx.ModelAndOptimizer().update": { event: "step", optimizer: "receiver" },
  },
  methods: { apply_gradients: { event: "step", optimizer: "receiver" } },
  returnsReceiver: /TrainState\.create\(\)\.(apply_gradients|replace)$/,
  passThrough: {
    "flax.nnx.jit": "first",
    "flax.nnx.pmap": "first",
    "flax.jax_utils.replicate": "first",
    "flax.jax_utils.unreplicate": "first",
    "flax.training.checkpoints.restore_checkpoint": at(1, "target"),
  },
  inert: /^flax(\.|$)/,
};
