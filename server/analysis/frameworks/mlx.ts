/** MLX: gradients come back as a tree, and the optimizer takes them with the model. */
import { at, type Framework, type Meaning } from "./framework.ts";
import { ADAPTIVE, AUTOCLIP, BY_VALUE } from "./mlx-helpers.ts";

const backward: Meaning = { event: "backward" };
const update: Meaning = {
  event: "step",
  optimizer: "receiver",
  gradients: { place: at(1, "gradients"), shape: "gradients" },
};

const apply: Meaning = { ...update, gradients: { place: at(0, "gradients"), shape: "gradients" } };

export const mlx: Framework = {
  name: "mlx",
  title: "MLX",
  mentions: ["mlx"],
  triggers: ["update", "apply_gradients"],
  aliases: [
    ["mlx.optimizers.optimizers", "mlx.optimizers"],
    ["mlx.utils.tree_map_with_path", "mlx.utils.tree_map"],
  ],
  optimizers: /^mlx\.optimizers\.(SGD|RMSprop|Adagrad|AdaDelta|Adam|AdamW|Adamax|Lion|Adafactor|Muon|MultiOptimizer)$/,
  clipsInside: [{ name: /\.Adafactor$/, keyword: null }],
  optimizerMethods: { update, apply_gradients: apply },
  methods: {
    update: { ...update, onlyGradients: true },
    apply_gradients: { ...apply, onlyGradients: true },
  },
  calls: {
    "mlx.nn.value_and_grad()": backward,
    "mlx.core.value_and_grad()": backward,
    "mlx.core.grad()": backward,
    "mlx.optimizers.clip_grad_norm": {
      event: "clip",
      kind: "norm",
      gradients: { place: at(0, "grads"), shape: "gradients" },
      returnsNorm: true,
      parameters: null,
      threshold: at(1, "max_norm"),
    },
  },
  combines: { "mlx.optimizers.MultiOptimizer": { of: at(0, "optimizers") } },
  passThrough: { "mlx.core.compile": "first", "mlx.core.checkpoint": "first", "mlx.nn.utils.checkpoint": "first" },
  maps: { "mlx.utils.tree_map": at(0, "fn"), "builtins.map": at(0) },
  elementwise: /^mlx\.core\.\w+$/,
  modules: ["mlx.core", "mlx.nn", "mlx.optimizers", "mlx.utils"],
  inert: /^mlx(\.|$)/,
  layers: ["mlx.nn.", "mlx.core.fast."],
  architectures: [
    {
      architecture: "transformer",
      pattern: /^mlx\.(nn\.(MultiHeadAttention|Transformer\w*)|core\.fast\.scaled_dot_product_attention)\b/,
    },
    { architecture: "transformer", pattern: /^mlx_lm(\.|$)/ },
    { architecture: "recurrent", pattern: /^mlx\.nn\.(LSTM|GRU|RNN)\b/ },
    { architecture: "convolutional", pattern: /^mlx\.nn\.Conv\dd\b/ },
  ],
  spelling: { place: "gradients", function: "mlx.optimizers.clip_grad_norm", returnsNorm: true },
  kinds: {
    value: {
      place: "gradients",
      function: BY_VALUE,
      returnsNorm: false,
      write: ({ function: clip, gradients, threshold }) => `${clip}(${gradients}, clip_value=${threshold})`,
    },
    adaptive: {
      place: "gradients",
      function: ADAPTIVE,
      returnsNorm: false,
      // A module is a tree of its parameters, as what `apply_gradients` is given is one.
      write: ({ function: clip, gradients, variables, threshold }) =>
        variables && `${clip}(${gradients}, ${variables}, clip_factor=${threshold})`,
    },
    autoclip: {
      place: "gradients",
      function: AUTOCLIP,
      returnsNorm: false,
      write: ({ function: clip, gradients }) => `${clip}(${gradients})`,
      notMentioning: {
        pattern: /\bcompile\b/,
        because:
          "AutoClip has to remember the norms, which it can't in a step that `mx.compile` compiles; this file mentions `compile`.",
      },
    },
  },
};
