/** The optimizers that JAX keeps for its examples: functions in a tuple, and a function that clips beside them. */
import { at, type Framework, type Meaning } from "./framework.ts";

const update: Meaning = {
  event: "step",
  optimizer: "receiver",
  gradients: { place: at(1), shape: "gradients" },
};

export const jaxOptimizers: Framework = {
  name: "jax-optimizers",
  title: "jax.example_libraries",
  mentions: ["jax"],
  triggers: ["optimizers"],
  aliases: [["jax.experimental.optimizers", "jax.example_libraries.optimizers"]],
  optimizers:
    /^jax\.example_libraries\.optimizers\.(adagrad|adam|adamax|momentum|nesterov|rmsprop(_momentum)?|sgd|sm3)$/,
  optimizerParts: { 1: update },
  optimizerMethods: { update_fn: update },
  calls: {
    "jax.example_libraries.optimizers.clip_grads": {
      event: "clip",
      kind: "norm",
      gradients: { place: at(0, "grad_tree"), shape: "gradients" },
      parameters: null,
      threshold: at(1, "max_norm"),
    },
  },
  spelling: { place: "gradients", function: "jax.example_libraries.optimizers.clip_grads", returnsNorm: false },
};
