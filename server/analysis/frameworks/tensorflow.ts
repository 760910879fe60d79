/** TensorFlow's own loops, with a tape or a graph: gradients are values, and clipping them gives new ones. */
import { at, type Framework } from "./framework.ts";
import type { ApartSpelling, GradientSpelling, Helper } from "./spelling.ts";
import { ADAPTIVE, AUTOCLIP } from "./tensorflow-helpers.ts";

/** What one of the gradients is called, beside all of them. */
const each = (gradients: string) => (/\bg\b/.test(gradients) ? "gradient" : "g");

const MINIMIZE: ApartSpelling = {
  place: "apart",
  parameters: [
    "loss",
    "global_step",
    "var_list",
    "gate_gradients",
    "aggregation_method",
    "colocate_gradients_with_ops",
    "name",
    "grad_loss",
  ],
  compute: "compute_gradients",
  apply: { method: "apply_gradients", parameters: ["global_step", "name"] },
  function: "tensorflow.clip_by_global_norm",
};

/**
 * By what TensorFlow lacks. A history and the weights' norms say nothing of gradients that are still scaled, or of one replica's; and
 * in a graph that a session runs nothing would run what keeps the history.
 */
const helped = (helper: Helper, write: NonNullable<GradientSpelling["write"]>): GradientSpelling => ({
  place: "gradients",
  function: helper,
  write,
  returnsNorm: false,
  notWith:
    /^(tensorflow\.(distribute|estimator|gradients|Session|InteractiveSession|placeholder|train\.\w*Session|contrib)\b|horovod\.[\w.]*DistributedOptimizer|tf_slim\b)|\bLossScaleOptimizer$/,
  notBeside: "scale_loss",
});

export const tensorflow: Framework = {
  name: "tensorflow",
  title: "TensorFlow",
  mentions: ["tensorflow"],
  triggers: ["apply_gradients", "minimize", "GradientTape", "optimize_loss", "create_train_op"],
  aliases: [
    ["tensorflow.compat.v1", "tensorflow"],
    ["tensorflow.compat.v2", "tensorflow"],
    ["tensorflow.python.training.adam.AdamOptimizer", "tensorflow.train.AdamOptimizer"],
    ["tensorflow.contrib.eager.python.tfe", "tensorflow.contrib.eager"],
    ["tensorflow.contrib.slim.learning", "tensorflow.contrib.training"],
    ["tf_slim.learning", "tensorflow.contrib.training"],
    ["tf_slim.training", "tensorflow.contrib.training"],
    ["tensorflow.contrib.tpu", "tensorflow.tpu"],
  ],
  // They have no argument that clips; nor have Sonnet's.
  optimizers: /^(tensorflow\.(train|contrib\.opt)\.\w*Optimizer|sonnet\.optimizers\.\w+)$/,
  settings: [],
  // Of `optimize_loss`.
  namedOptimizers: /^(Adagrad|Adam|Ftrl|Momentum|RMSProp|SGD)$/,
  carries: {
    "horovod.tensorflow.DistributedOptimizer": at(0, "optimizer"),
    "tensorflow.train.SyncReplicasOptimizer": at(0, "opt"),
    "tensorflow.tpu.CrossShardOptimizer": at(0, "opt"),
    "tensorflow.contrib.opt.MovingAverageOptimizer": at(0, "opt"),
    "tensorflow.contrib.mixed_precision.LossScaleOptimizer": at(0, "opt"),
  },
  takesParameters: true,
  keepsGradients: /^(tensorflow\.(identity|convert_to_tensor|cast|stop_gradient)|jax\.lax\.(pmean|psum))$/,
  optimizerMethods: {
    compute_gradients: { event: "backward" },
    apply_gradients: {
      event: "step",
      optimizer: "receiver",
      gradients: { place: at(0, "grads_and_vars"), shape: "pairs" },
    },
    apply: { event: "step", optimizer: "receiver", gradients: { place: at(0, "updates"), shape: "gradients" } },
    minimize: { event: "step", optimizer: "receiver", managed: true },
  },
  calls: {
    "tensorflow.contrib.layers.optimize_loss": {
      event: "step",
      optimizer: at(3, "optimizer"),
      managed: true,
      told: { threshold: at(null, "clip_gradients"), kind: "norm" },
      unlessGiven: [at(null, "gradient_multipliers")],
    },
    "tensorflow.contrib.training.create_train_op": {
      event: "step",
      optimizer: at(1, "optimizer"),
      managed: true,
      told: { threshold: at(null, "clip_gradient_norm"), kind: "per-variable-norm", off: [0] },
      unlessGiven: [at(null, "gradient_multipliers"), at(null, "transform_grads_fn")],
    },
    "tensorflow.GradientTape().gradient": { event: "backward" },
    "tensorflow.contrib.eager.implicit_gradients()": { event: "backward" },
    "tensorflow.contrib.eager.implicit_value_and_gradients()": { event: "backward" },
    "tensorflow.contrib.eager.gradients_function()": { event: "backward" },
    "tensorflow.contrib.eager.value_and_gradients_function()": { event: "backward" },
    "tensorflow.gradients": { event: "backward" },
    "tensorflow.clip_by_global_norm": {
      event: "clip",
      kind: "norm",
      gradients: { place: at(0, "t_list"), shape: "gradients" },
      returnsNorm: true,
      parameters: null,
      threshold: at(1, "clip_norm"),
    },
    "tensorflow.clip_by_norm": {
      event: "clip",
      kind: "per-variable-norm",
      gradients: { place: at(0, "t"), shape: "gradients" },
      parameters: null,
      threshold: at(1, "clip_norm"),
    },
    "tensorflow.clip_by_value": {
      event: "clip",
      kind: "value",
      gradients: { place: at(0, "t"), shape: "gradients" },
      parameters: null,
      threshold: at(2, "clip_value_max"),
    },
  },
  methods: {
    assign_sub: {
      event: "step",
      optimizer: "receiver",
      byHand: true,
      onlyGradients: true,
      gradients: { place: at(0, "delta"), shape: "gradients" },
    },
    apply_gradients: {
      event: "step",
      optimizer: "receiver",
      gradients: { place: at(0, "grads_and_vars"), shape: "pairs" },
    },
  },
  passThrough: { "tensorflow.function": "first", "horovod.tensorflow.DistributedGradientTape": "first" },
  layers: ["tensorflow.nn.", "tensorflow.nn.rnn_cell.", "tensorflow.layers.", "tensorflow.contrib.rnn."],
  architectures: [
    {
      architecture: "recurrent",
      pattern: /^tensorflow\.((nn|contrib)\.(rnn_cell|rnn)\.\w+|nn\.(bidirectional_|static_)?(dynamic_)?rnn)$/,
    },
    { architecture: "value-learning", pattern: /^tf_agents\.agents\.(dqn|categorical_dqn)(\.|$)/ },
    { architecture: "reinforcement", pattern: /^tf_agents(\.|$)/ },
    { architecture: "convolutional", pattern: /^tensorflow\.(nn|layers)\.conv\dd/ },
  ],
  spelling: { place: "gradients", function: "tensorflow.clip_by_global_norm", returnsNorm: true },
  kinds: {
    value: {
      place: "gradients",
      function: "tensorflow.clip_by_value",
      returnsNorm: false,
      // Of a variable that the loss doesn't depend on there is none.
      write: ({ function: clip, gradients, threshold }) =>
        `[None if ${each(gradients)} is None else ${clip}(${each(gradients)}, -${threshold}, ${threshold}) for ${each(gradients)} in ${gradients}]`,
    },
    adaptive: helped(
      ADAPTIVE,
      ({ function: clip, gradients, variables, threshold }) =>
        variables && `${clip}(${gradients}, ${variables}, clip_factor=${threshold})`,
    ),
    autoclip: helped(AUTOCLIP, ({ function: clip, gradients }) => `${clip}(${gradients})`),
  },
  managedSpelling: [
    { place: "update", on: /^tensorflow\.contrib\.layers\.optimize_loss$/, keyword: "clip_gradients" },
    MINIMIZE,
  ],
  inert: /^tensorflow(\.|$)/,
};
