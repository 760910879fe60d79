/** Optax: gradient transformations that are chained, so that clipping is a link of the optimizer. */
import { at, type Combination, type Framework, type Meaning } from "./framework.ts";
import { AUTOCLIP } from "./optax-helpers.ts";
import type { Helper, WrapperSpelling } from "./spelling.ts";

const ALIASES =
  "adabelief|adadelta|adafactor|adagrad|adam|adamax|adamaxw|adamw|adan|amsgrad|lamb|lion|nadam|nadamw|noisy_sgd|novograd|optimistic_adam|optimistic_adam_v2|optimistic_gradient_descent|radam|rmsprop|rprop|sgd|signum|sm3|yogi";
const CONTRIBUTED =
  "acprop|ademamix|adopt|cocob|dadapt_adamw|dog|dowg|galore|madgrad|momo|momo_adam|muon|prodigy|schedule_free_adamw|schedule_free_sgd|simplified_ademamix|sophia";
/** Links that neither bound the gradients nor search for how far to go. */
const LINKS =
  "scale|scale_by_(?!sign|trust_ratio|lbfgs|polyak|\\w*linesearch)\\w+|add_\\w+|trace|ema|apply_every|centralize|identity|zero_nans|keep_params_nonnegative|set_to_zero|freeze|reduce_on_plateau|chain|named_chain|multi_transform|partition|MultiSteps|apply_if_finite|masked|flatten|lookahead|schedule_free|sam|mechanize|split_real_and_imaginary|with_extra_args_support|selective_transform";
const OPTIMIZER = new RegExp(`^optax\\.(contrib\\.)?(${ALIASES}|${CONTRIBUTED}|${LINKS})$`);

const all: Combination = { of: "all", inOrder: true };
/** What keeps state of its own around the optimizer, or sums gradients up for it: clipping goes inside. */
const within = (keyword: string): Combination => ({ of: at(0, keyword), within: true });
const around = (keyword: string): Combination => ({ of: at(0, keyword) });
const update: Meaning = {
  event: "step",
  optimizer: "receiver",
  gradients: { place: at(0, "updates"), shape: "gradients" },
};

export const optax: Framework = {
  name: "optax",
  title: "Optax",
  mentions: ["optax"],
  triggers: ["apply_gradients", "apply_updates", "update"],
  aliases: [["optax.transforms", "optax"]],
  optimizers: OPTIMIZER,
  clipsInside: [
    { name: /^optax\.contrib\.(sophia|adopt|mechanize)$/, keyword: null },
    // Noise or not, it is for gradients that are clipped example by example.
    { name: /^optax\.(noisy_sgd)$/, keyword: null },
  ],
  settings: [
    { on: /^optax\.clip_by_global_norm$/, threshold: at(0, "max_norm"), kind: "norm" },
    { on: /^optax\.clip$/, threshold: at(0, "max_delta"), kind: "value" },
    { on: /^optax\.clip_by_block_rms$/, threshold: at(0, "threshold"), kind: "per-variable-norm" },
    { on: /^optax\.adaptive_grad_clip$/, threshold: at(0, "clipping"), kind: "adaptive" },
    { on: /^optax\.adafactor$/, threshold: at(5, "clipping_threshold"), kind: "per-variable-norm", fallback: 1 },
    {
      on: /^optax\.(contrib\.)?(dpsgd|differentially_private_aggregate)$/,
      threshold: at(null, "l2_norm_clip"),
      kind: "norm",
    },
  ],
  combines: {
    "optax.chain": all,
    "optax.named_chain": { of: "all" },
    "optax.multi_transform": { ...around("transforms"), splits: true },
    "optax.partition": { ...around("transforms"), splits: true },
    "optax.masked": around("inner"),
    "optax.selective_transform": around("inner"),
    "optax.apply_if_finite": around("inner"),
    "optax.flatten": around("inner"),
    "optax.with_extra_args_support": around("tx"),
    "optax.MultiSteps": { ...within("opt"), accumulates: true },
    "optax.lookahead": within("fast_optimizer"),
    "optax.contrib.schedule_free": within("base_optimizer"),
    "optax.contrib.mechanize": within("base_optimizer"),
    "optax.contrib.sam": within("optimizer"),
    "optax.contrib.split_real_and_imaginary": within("inner"),
  },
  ownLinks: {
    "optax.GradientTransformation": at(1, "update"),
    "optax.GradientTransformationExtraArgs": at(1, "update"),
    "optax.stateless": at(0, "f"),
    "optax.stateless_with_tree_map": at(0, "f"),
  },
  finishes: new RegExp(`^optax\\.(contrib\\.)?(${ALIASES}|${CONTRIBUTED}|scale_by_learning_rate)$`),
  returnsReceiver: /^optax\.MultiSteps\(\)\.gradient_transformation$/,
  optimizerMethods: { update },
  optimizerParts: { 1: update },
  methods: { update: { ...update, onlyGradients: true } },
  passThrough: {
    "optax.inject_hyperparams": at(0, "inner_factory"),
    "optax.inject_stateful_hyperparams": at(0, "inner_factory"),
  },
  inert: /^optax(\.|$)/,
  spelling: chained("optax.clip_by_global_norm"),
  kinds: {
    value: chained("optax.clip"),
    adaptive: { ...chained("optax.adaptive_grad_clip"), needs: at(2, "params") },
    autoclip: chained(AUTOCLIP),
  },
};

function chained(transformation: string | Helper): WrapperSpelling {
  return {
    place: "around",
    functions: ["optax.chain", transformation],
    write: ({ functions: [chain, clip], optimizer, threshold }) => `${chain}(${clip}(${threshold}), ${optimizer})`,
    first: ({ functions: [, clip], threshold }) => `${clip}(${threshold})`,
  };
}
