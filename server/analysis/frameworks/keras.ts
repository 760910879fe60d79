/** Keras 3 and tf.keras: optimizers that clip by themselves when they are told to, models that train themselves. */
import { type ArgumentPlace, at, type ClipKind, type ClipSetting, type Framework, type Meaning } from "./framework.ts";
import type { ArgumentSpelling } from "./spelling.ts";

const NAMES = "Adadelta|Adafactor|Adagrad|AdamW|Adamax|Adam|Ftrl|Lamb|Lion|Muon|Nadam|RMSprop|ScheduleFreeAdamW|SGD";
const OPTIMIZER = new RegExp(`^keras\\.(optimizers|optimizer_v[12])\\.(\\w+\\.)*(${NAMES}|\\*)$`, "i");
/** What optimizers are derived from. */
const BASE = /^keras\.(optimizers|optimizer_v[12])\.(\w+\.)*Optimizer(V2)?$/;
const ADDON =
  /^tensorflow_addons\.optimizers\.(\w+\.)?(AdaBelief|AdamW|COCOB|ConditionalGradient|LAMB|LazyAdam|NovoGrad|ProximalAdagrad|RectifiedAdam|SGDW|Yogi)$/;
/** Transformers' own optimizer for its Keras models, and what makes one, in a pair with its schedule. */
const DECAYING = /^transformers\.AdamWeightDecay$/;
const CREATED = /^transformers\.create_optimizer$/;
/** What every model has: the optimizer that it was compiled with. */
const COMPILED = /^keras\.(\w+\.)*(Model|Sequential|Functional)\(\)\.optimizer$/;

/** What any model is built by, or a class is derived from, in which `compile` is Keras's own. */
const MODEL = /^keras\.(\w+\.)*(Model|Sequential|Functional)\(\)$|^keras\.applications\.(\w+\.)*[A-Z]\w+\(\)$/;

const clips = (keyword: string, kind: ClipKind): ClipSetting[] =>
  [OPTIMIZER, BASE, ADDON, DECAYING].map((on) => ({
    on,
    threshold: at(null, keyword),
    kind,
    off: [0],
    noneIsDefault: true,
  }));

const WRAPPER = /^keras\.(optimizers|mixed_precision)\.LossScaleOptimizer$/;
const refused = (keyword: string, kind: ClipKind): ClipSetting => ({
  on: WRAPPER,
  threshold: at(null, keyword),
  kind,
  noneIsDefault: true,
  refused: "`LossScaleOptimizer` raises an error for it, and leaves clipping to the optimizer inside",
});

const applies = (position: number, keyword: string, shape: "gradients" | "pairs" = "gradients"): Meaning => ({
  event: "step",
  optimizer: "receiver",
  gradients: { place: at(position, keyword), shape },
});

const OPTIMIZER_ARGUMENT: ArgumentPlace = at(0, "optimizer");
const TRAINING = ["fit", "fit_generator", "train_on_batch", "fit_dataset"];
const ASKING = ["evaluate", "evaluate_generator", "load_weights", "predict", "predict_generator", "predict_on_batch"];

const SPELLING: ArgumentSpelling = {
  place: "argument",
  keyword: (name, given) => {
    if (CREATED.test(name)) return "adam_global_clipnorm";
    if (!isTold(name)) return null;
    // Who writes `lr` has a version that may not know the other one.
    return given.includes("lr") ? "clipnorm" : "global_clipnorm";
  },
  named,
};

export const keras: Framework = {
  name: "keras",
  title: "Keras",
  // Not all that uses it says so.
  mentions: ["keras", "tf.optimizers", "tensorflow.optimizers", "TFAuto", "create_optimizer"],
  triggers: ["compile", "apply", "minimize"],
  aliases: [
    ["tensorflow.keras", "keras"],
    ["tensorflow.python.keras", "keras"],
    ["tensorflow.compat.v1.keras", "keras"],
    ["tensorflow.compat.v2.keras", "keras"],
    ["tensorflow.contrib.keras", "keras"],
    ["tensorflow.optimizers", "keras.optimizers"],
    ["tf_keras", "keras"],
    ["keras.api", "keras"],
    ["keras.dtensor.experimental.optimizers", "keras.optimizers"],
    ["transformers.optimization_tf", "transformers"],
    ["keras.src", "keras"],
  ],
  optimizers: new RegExp(
    `${OPTIMIZER.source}|${BASE.source}|${ADDON.source}|${DECAYING.source}|${CREATED.source}|${COMPILED.source}`,
    "i",
  ),
  settings: [
    ...clips("global_clipnorm", "norm"),
    ...clips("clipnorm", "per-variable-norm"),
    ...clips("clipvalue", "value"),
    { on: CREATED, threshold: at(null, "adam_global_clipnorm"), kind: "norm", off: [0], noneIsDefault: true },
    { on: CREATED, threshold: at(null, "adam_clipnorm"), kind: "per-variable-norm", off: [0], noneIsDefault: true },
    refused("global_clipnorm", "norm"),
    refused("clipnorm", "per-variable-norm"),
    refused("clipvalue", "value"),
  ],
  carries: {
    "keras.optimizers.get": at(0, "identifier"),
    "keras.optimizers.LossScaleOptimizer": at(0, "inner_optimizer"),
    "keras.mixed_precision.LossScaleOptimizer": at(0, "inner_optimizer"),
    "keras.mixed_precision.experimental.LossScaleOptimizer": at(0, "optimizer"),
    "tensorflow.train.experimental.enable_mixed_precision_graph_rewrite": at(0, "opt"),
    "horovod.keras.DistributedOptimizer": OPTIMIZER_ARGUMENT,
    "horovod.tensorflow.keras.DistributedOptimizer": OPTIMIZER_ARGUMENT,
    "tensorflow_addons.optimizers.Lookahead": OPTIMIZER_ARGUMENT,
    "tensorflow_addons.optimizers.MovingAverage": OPTIMIZER_ARGUMENT,
    "tensorflow_addons.optimizers.SWA": OPTIMIZER_ARGUMENT,
  },
  namedOptimizers: new RegExp(`^(${NAMES})$`, "i"),
  compiled: { attribute: COMPILED, member: "optimizer", by: "compile", place: OPTIMIZER_ARGUMENT },
  keepsGradients: /\.get_unscaled_gradients$/,
  optimizerMethods: {
    apply_gradients: applies(0, "grads_and_vars", "pairs"),
    apply: applies(0, "grads"),
    stateless_apply: applies(1, "grads"),
    compute_gradients: { event: "backward" },
    minimize: { event: "step", optimizer: "receiver", managed: true },
  },
  calls: {
    "jax.grad()": { event: "backward" },
    "jax.value_and_grad()": { event: "backward" },
  },
  methods: {
    compile: {
      event: "step",
      optimizer: OPTIMIZER_ARGUMENT,
      managed: true,
      orMakesOne: MODEL,
      runBy: { methods: TRAINING, unless: "train_step", asks: ASKING, loads: /\.load_model$/ },
    },
  },
  passThrough: { "jax.jit": "first" },
  inert: /^(keras|tensorflow_addons)(\.|$)/,
  networks: /^keras\.((models\.)?(Sequential|Model)|Input|layers\.Input)$/,
  layers: ["keras.layers.", "keras.applications.", "keras_hub.layers.", "keras_hub.models."],
  architectures: [
    { architecture: "diffusion", pattern: /^keras_(cv|hub)\.models\.StableDiffusion/ },
    {
      architecture: "detector",
      pattern: /^(keras_retinanet(\.|$)|keras_(cv|hub)\.models\.(RetinaNet|YOLO|FasterRCNN))/,
    },
    { architecture: "vision-transformer", pattern: /^keras_(cv|hub)\.models\.(ViT|DeiT|Swin)/ },
    {
      architecture: "transformer",
      pattern: /^keras\.layers\.(\w+\.)?(MultiHeadAttention|GroupQueryAttention|Attention)$/,
    },
    { architecture: "transformer", pattern: /^(keras_nlp(\.|$)|keras_hub\.layers\.\w*Transformer)/ },
    { architecture: "transformer", pattern: /^transformers\.TF[A-Z]\w+$/ },
    {
      architecture: "recurrent",
      pattern: /^keras\.layers\.(\w+\.)?(ConvLSTM\dD|ConvLSTM\dDCell|CuDNN(GRU|LSTM)|(GRU|LSTM|SimpleRNN)(Cell)?|RNN)$/,
    },
    { architecture: "value-learning", pattern: /^rl\.agents\.(\w+\.)*(DQN|NAF|SARSA)Agent$/ },
    { architecture: "reinforcement", pattern: /^rl\.(agents|core)(\.|$)/ },
    { architecture: "convolutional", pattern: /^keras\.(layers\.(\w+\.)?\w*Conv\d?D\w*|applications)(\.|$)/ },
  ],
  kinds: {
    value: { place: "argument", keyword: (name) => (isTold(name) ? "clipvalue" : null), named },
  },
  spelling: SPELLING,
  managedSpelling: [
    SPELLING,
    {
      place: "argument",
      keyword: (name) => (name === "compile" ? "optimizer" : null),
      // What it makes if it is given none.
      object: "keras.optimizers.RMSprop",
      value: (threshold) => `global_clipnorm=${threshold}`,
    },
  ],
};

function isTold(name: string): boolean {
  return OPTIMIZER.test(name) || BASE.test(name) || ADDON.test(name) || DECAYING.test(name);
}

function named(name: string): string | null {
  const proper = NAMES.split("|").find((known) => known.toLowerCase() === name.toLowerCase());
  return proper ? `keras.optimizers.${proper}` : null;
}
