/** PaddlePaddle: eager loops like PyTorch's, and static programs; the optimizer is given an object that clips. */
import { at, type ClipSetting, type Framework, type Meaning } from "./framework.ts";
import { ADAPTIVE, AUTOCLIP } from "./paddle-helpers.ts";
import type { ArgumentSpelling } from "./spelling.ts";

const OPTIMIZER = /^paddle\.(incubate\.|fluid\.)?optimizer\.(?!LBFGS|LookAhead|ModelAverage|Optimizer$)([A-Z]\w*|\*)$/;

const objects: NonNullable<ClipSetting["objects"]> = [
  {
    class: /^paddle\.(nn\.ClipGradByGlobalNorm|fluid\.clip\.GradientClipByGlobalNorm)$/,
    threshold: at(0, "clip_norm"),
    kind: "norm",
  },
  {
    class: /^paddle\.(nn\.ClipGradByNorm|fluid\.clip\.GradientClipByNorm)$/,
    threshold: at(0, "clip_norm"),
    kind: "per-variable-norm",
  },
  {
    class: /^paddle\.(nn\.ClipGradByValue|fluid\.clip\.GradientClipByValue)$/,
    threshold: at(0, "max"),
    kind: "value",
  },
];

const step: Meaning = { event: "step", optimizer: "receiver" };
const scaled: Meaning = { event: "step", optimizer: at(0, "optimizer"), scaled: true };
const minimize: Meaning = { event: "step", optimizer: "receiver", managed: true };

/** What is clipped in a program that is put together first would have to be put together, too. */
const STATIC = /^paddle\.(static|fluid|enable_static)(\.|$)/;

const told: ArgumentSpelling = {
  place: "argument",
  keyword: (name) => (/^paddle\.(optimizer|incubate)\./.test(name) ? "grad_clip" : null),
};

export const paddle: Framework = {
  name: "paddle",
  title: "PaddlePaddle",
  // The bare word is also what a ball is hit with; what it is imported by may stand in another module.
  mentions: ["import paddle", "from paddle", "paddle.nn", "paddle.optimizer", "paddle.to_tensor"],
  triggers: ["step", "minimize", "prepare"],
  aliases: [
    ["paddle.nn.clip.", "paddle.nn."],
    ["paddle.hapi.Model", "paddle.Model"],
    ["paddle.fluid.GradientClipBy", "paddle.fluid.clip.GradientClipBy"],
    ["paddle.fluid.incubate.fleet.collective.fleet", "paddle.distributed.fleet"],
    ["paddle.fluid.incubate.fleet.parameter_server.distribute_transpiler.fleet", "paddle.distributed.fleet"],
  ],
  optimizers: OPTIMIZER,
  settings: [{ on: OPTIMIZER, threshold: at(null, "grad_clip"), kind: "norm", objects }],
  // Says for the whole program what clips it.
  clipsElsewhere: /^set_gradient_clip$/,
  carries: {
    "paddle.distributed.fleet.distributed_optimizer": at(0, "optimizer"),
    "paddle.static.amp.decorate": at(0, "optimizer"),
    "paddle.fluid.contrib.mixed_precision.decorate": at(0, "optimizer"),
    "paddle.incubate.optimizer.LookAhead": at(0, "inner_optimizer"),
  },
  optimizerMethods: { step, minimize, clear_grad: { event: "zero-grad" }, clear_gradients: { event: "zero-grad" } },
  methods: { backward: { event: "backward" }, step },
  calls: {
    "paddle.Model().prepare": {
      event: "step",
      optimizer: at(0, "optimizer"),
      managed: true,
      runBy: {
        methods: ["fit", "train_batch"],
        unless: "train_batch",
        asks: ["evaluate", "predict", "eval_batch", "predict_batch", "summary", "save"],
        loads: /^$/,
      },
    },
    "paddle.amp.GradScaler().step": scaled,
    "paddle.amp.GradScaler().minimize": scaled,
    "paddle.amp.GradScaler().unscale_": { event: "unscale", optimizer: at(0, "optimizer") },
    "paddle.amp.GradScaler().update": { event: "rescale" },
    "paddle.nn.utils.clip_grad_norm_": {
      event: "clip",
      kind: "norm",
      parameters: at(0, "parameters"),
      threshold: at(1, "max_norm"),
      raises: at(3, "error_if_nonfinite"),
    },
    "paddle.nn.utils.clip_grad_value_": {
      event: "clip",
      kind: "value",
      parameters: at(0, "parameters"),
      threshold: at(1, "clip_value"),
    },
  },
  scalerMethods: {
    step: scaled,
    minimize: scaled,
    unscale_: { event: "unscale", optimizer: at(0, "optimizer") },
    update: { event: "rescale" },
  },
  passThrough: { "paddle.DataParallel": "first", "paddle.jit.to_static": "first" },
  inert: /^(paddle|visualdl)(\.|$)/,
  layers: ["paddle.nn.", "paddle.vision.models.", "paddle.nn.functional.", "paddle.fluid.layers."],
  architectures: [
    { architecture: "transformer", pattern: /^paddle\.nn\.(MultiHeadAttention|Transformer\w*)\b/ },
    { architecture: "transformer", pattern: /^paddlenlp\.transformers(\.|$)/ },
    { architecture: "recurrent", pattern: /^paddle\.nn\.(LSTM|GRU|SimpleRNN|RNN|BiRNN)(Cell)?\b/ },
    {
      architecture: "recurrent",
      pattern: /^paddle\.fluid\.layers\.(dynamic_(lstmp?|gru)|lstm(_unit)?|gru_unit|rnn|DynamicRNN|StaticRNN)$/,
    },
    { architecture: "detector", pattern: /^ppdet(\.|$)/ },
    { architecture: "convolutional", pattern: /^paddle\.(nn\.Conv\dD|vision\.models)(\.|$|\()/ },
  ],
  spelling: { ...told, object: "paddle.nn.ClipGradByGlobalNorm" },
  kinds: {
    value: { ...told, object: "paddle.nn.ClipGradByValue" },
    adaptive: { ...told, object: ADAPTIVE, notWith: STATIC },
    autoclip: { ...told, object: AUTOCLIP, notWith: STATIC },
  },
};
