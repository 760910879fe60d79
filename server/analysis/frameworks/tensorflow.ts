/** TensorFlow's own loops: gradients from a tape, clipped as values. */
import { at, type Framework } from "./framework.ts";

export const tensorflow: Framework = {
  name: "tensorflow",
  title: "TensorFlow",
  mentions: ["tensorflow"],
  triggers: ["apply_gradients", "minimize", "GradientTape"],
  calls: {
    "tensorflow.GradientTape().gradient": { event: "backward" },
    "tensorflow.gradients": { event: "backward" },
    "tensorflow.clip_by_global_norm": {
      event: "clip",
      kind: "norm",
      parameters: null,
      threshold: at(1, "clip_norm"),
    },
    "tensorflow.clip_by_norm": {
      event: "clip",
      kind: "per-variable-norm",
      parameters: null,
      threshold: at(1, "clip_norm"),
    },
    "tensorflow.clip_by_value": { event: "clip", kind: "value", parameters: null, threshold: at(2, "clip_value_max") },
  },
  methods: { apply_gradients: { event: "step", optimizer: "receiver" } },
  passThrough: { "tensorflow.function": "first" },
  inert: /^tensorflow(\.|$)/,
};
