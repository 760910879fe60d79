/** Keras 3 and tf.keras: optimizers that clip by themselves when they are told to, models that train themselves. */
import { type ArgumentPlace, at, type Framework, type Meaning } from "./framework.ts";

const OPTIMIZERS =
  "Adadelta|Adafactor|Adagrad|AdamW|Adamax|Adam|Ftrl|Lamb|Lion|LossScaleOptimizer|Muon|Nadam|RMSprop|SGD";
const OPTIMIZER = new RegExp(`^keras\\.optimizers\\.(legacy\\.|experimental\\.|\\w+\\.)?(${OPTIMIZERS})$`, "i");

const TRAINING = ["fit", "fit_generator", "train_on_batch", "train_step"];
const compile = (optimizer: ArgumentPlace): Meaning => ({ event: "step", optimizer, managed: true, runBy: TRAINING });

export const keras: Framework = {
  name: "keras",
  title: "Keras",
  mentions: ["keras"],
  triggers: ["compile", "apply", "minimize"],
  aliases: [
    ["tensorflow.keras", "keras"],
    ["tensorflow.python.keras", "keras"],
    ["tensorflow.compat.v1.keras", "keras"],
    ["tf_keras", "keras"],
    ["keras.api", "keras"],
  ],
  optimizers: OPTIMIZER,
  settings: [
    { on: OPTIMIZER, threshold: at(null, "global_clipnorm"), kind: "norm" },
    { on: OPTIMIZER, threshold: at(null, "clipnorm"), kind: "per-variable-norm" },
    { on: OPTIMIZER, threshold: at(null, "clipvalue"), kind: "value" },
  ],
  namedOptimizers: new RegExp(`^(${OPTIMIZERS})$`, "i"),
  optimizerMethods: {
    apply_gradients: { event: "step", optimizer: "receiver" },
    apply: { event: "step", optimizer: "receiver" },
    stateless_apply: { event: "step", optimizer: "receiver" },
    minimize: { event: "step", optimizer: "receiver", managed: true },
  },
  methods: { compile: compile(at(0, "optimizer")) },
  inert: /^keras(\.|$)/,
  spelling: {
    place: "argument",
    keyword: () => "global_clipnorm",
    named: (name) => {
      const proper = OPTIMIZERS.split("|").find((known) => known.toLowerCase() === name.toLowerCase());
      return proper ? `keras.optimizers.${proper}` : null;
    },
  },
};
