/** Hugging Face Accelerate: the accelerator does the backward pass, unscales and clips. */
import { at, type Framework, STEPS } from "./framework.ts";
import { ADAPTIVE, AUTOCLIP } from "./pytorch-helpers.ts";
import type { Helper, StatementSpelling } from "./spelling.ts";

const SYNCHRONIZED = { when: "accumulate", condition: (receiver: string) => `${receiver}.sync_gradients` };

/** With a helper of PyTorch's, which knows nothing of the scale that the accelerator gives the loss in half precision. */
const byHelper = (
  helper: Helper,
  clip: (name: string, parameters: string, threshold: string) => string,
): StatementSpelling => ({
  place: "statement",
  function: null,
  helper,
  write: ({ function: name, receiver, parameters, optimizer, threshold, unscaled }) => [
    ...(unscaled ? [] : [`${receiver}.unscale_gradients(${optimizer})`]),
    clip(name, parameters, threshold),
  ],
  guard: SYNCHRONIZED,
  notWith: /\.FullyShardedDataParallel(Plugin)?$/,
});

export const accelerate: Framework = {
  name: "accelerate",
  title: "Accelerate",
  mentions: ["accelerate"],
  triggers: [STEPS],
  aliases: [["accelerate.accelerator.Accelerator", "accelerate.Accelerator"]],
  optimizers: /^accelerate\.(utils\.)?(DummyOptim)$/,
  // Stands for the optimizer of a DeepSpeed configuration, which may set "gradient_clipping".
  clipsInside: [{ name: /DummyOptim$/, keyword: null }],
  // Megatron-LM's plugin, which a launcher makes where a script has its scheduler, clips at 1.0 unless it is told otherwise.
  clipsElsewhere: /^accelerate(\.utils(\.\w+)?)?\.(DeepSpeedPlugin|MegatronLMPlugin|MegatronLMDummyScheduler)$/,
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
    guard: SYNCHRONIZED,
  },
  kinds: {
    value: {
      place: "statement",
      function: null,
      write: ({ receiver, parameters, threshold }) => `${receiver}.clip_grad_value_(${parameters}, ${threshold})`,
      guard: SYNCHRONIZED,
    },
    adaptive: byHelper(ADAPTIVE, (name, parameters, factor) => `${name}(${parameters}, clip_factor=${factor})`),
    autoclip: byHelper(AUTOCLIP, (name, parameters) => `${name}(${parameters})`),
  },
};
