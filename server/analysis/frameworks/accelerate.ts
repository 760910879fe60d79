/** Hugging Face Accelerate: the accelerator does the backward pass, unscales and clips. */
import { at, type Framework, STEPS } from "./framework.ts";

export const accelerate: Framework = {
  name: "accelerate",
  title: "Accelerate",
  mentions: ["accelerate"],
  triggers: [STEPS],
  aliases: [["accelerate.accelerator.Accelerator", "accelerate.Accelerator"]],
  optimizers: /^accelerate\.(utils\.)?(DummyOptim)$/,
  // Stands for the optimizer of a DeepSpeed configuration, which may set "gradient_clipping".
  clipsInside: [{ name: /DummyOptim$/, keyword: null }],
  clipsElsewhere: /^accelerate(\.utils|\.utils\.dataclasses)?\.(DeepSpeedPlugin|MegatronLMPlugin)$/,
  calls: {
    "accelerate.Accelerator().backward": { event: "backward" },
    "accelerate.Accelerator().clip_grad_norm_": {
      event: "clip",
      kind: "norm",
      parameters: at(0, "parameters"),
      threshold: at(1, "max_norm"),
      unscales: true,
    },
    "accelerate.Accelerator().clip_grad_value_": {
      event: "clip",
      kind: "value",
      parameters: at(0, "parameters"),
      threshold: at(1, "clip_value"),
      unscales: true,
    },
    "accelerate.Accelerator().unscale_gradients": { event: "unscale", optimizer: at(0, "optimizer") },
  },
  inert: /^accelerate(\.|$)/,
  passThrough: {
    "accelerate.Accelerator().prepare": "all",
    "accelerate.Accelerator().prepare_model": "first",
    "accelerate.Accelerator().prepare_optimizer": "first",
    "accelerate.Accelerator().unwrap_model": "first",
  },
  accumulation: {
    context: "accelerate.Accelerator().accumulate",
    counts: [at(3, "gradient_accumulation_steps"), at(null, "gradient_accumulation_plugin")],
    done: (receiver) => `${receiver}.sync_gradients`,
  },
  spelling: {
    place: "statement",
    function: null,
    write: ({ receiver, parameters, threshold }) => `${receiver}.clip_grad_norm_(${parameters}, ${threshold})`,
    guard: { when: "accumulate", condition: (receiver) => `${receiver}.sync_gradients` },
  },
  kinds: {
    value: {
      place: "statement",
      function: null,
      write: ({ receiver, parameters, threshold }) => `${receiver}.clip_grad_value_(${parameters}, ${threshold})`,
      guard: { when: "accumulate", condition: (receiver) => `${receiver}.sync_gradients` },
    },
  },
};
