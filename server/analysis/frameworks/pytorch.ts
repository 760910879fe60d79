/** PyTorch, with the optimizers, mixed-precision tools and wrappers that its scripts use. */
import { at, type Framework, type Meaning, STEPS } from "./framework.ts";
import { ADAPTIVE, AUTOCLIP } from "./pytorch-helpers.ts";

const norm: Meaning = {
  event: "clip",
  kind: "norm",
  parameters: at(0, "parameters"),
  threshold: at(1, "max_norm"),
  raises: at(3, "error_if_nonfinite"),
};
const value: Meaning = {
  event: "clip",
  kind: "value",
  parameters: at(0, "parameters"),
  threshold: at(1, "clip_value"),
};

/** Each rank has a shard of the parameters there. */
const SHARDED = /\.FullyShardedDataParallel$/;

export const pytorch: Framework = {
  name: "pytorch",
  title: "PyTorch",
  mentions: ["torch", "apex"],
  // The last for an optimizer that is built for a class of another module.
  triggers: ["clip_grad", STEPS, /(?<!\bmark)_step\(/, /\.grad\b/, /\boptim(\.[A-Z]| import\b| as\b)/],
  aliases: [
    ["torch.cuda.amp.GradScaler", "torch.amp.GradScaler"],
    ["torch.cuda.amp.grad_scaler.GradScaler", "torch.amp.GradScaler"],
    ["torch.amp.grad_scaler.GradScaler", "torch.amp.GradScaler"],
    ["torch.distributed.fsdp.sharded_grad_scaler.ShardedGradScaler", "torch.amp.GradScaler"],
    ["torch.nn.utils.clip_grad.", "torch.nn.utils."],
    ["torch.nn.utils.clip_grad.clip_grad_norm_", "torch.nn.utils.clip_grad_norm_"],
    ["torch.nn.utils.clip_grad.clip_grad_norm", "torch.nn.utils.clip_grad_norm"],
    ["torch.nn.utils.clip_grad.clip_grad_value_", "torch.nn.utils.clip_grad_value_"],
  ],
  optimizers:
    /^(torch\.optim\.(?!lr_scheduler|swa_utils)[\w.*]+|torch\.distributed\.optim\.\w+|transformers\.(optimization\.)?(AdamW|Adafactor)|pytorch_pretrained_bert\.\w*Adam\w*|(apex|apex\.contrib)\.optimizers\.\w+|timm\.optim\.[\w.]+|(torch_optimizer|pytorch_optimizer|bitsandbytes\.optim|lion_pytorch|adabelief_pytorch|adamp|madgrad|prodigyopt|dadaptation|schedulefree|ranger|ranger21|came_pytorch|galore_torch|adan_pytorch|muon|heavyball)\.[\w.]+|monai\.optimizers\.(novograd\.)?Novograd|deepspeed\.ops\.(adam|lamb)\.\w+)$/,
  clipsInside: [
    { name: /FusedLAMB$|FusedMixedPrecisionLamb$/, keyword: null },
    { name: /^pytorch_pretrained_bert\./, keyword: null },
    { name: /Adafactor$|CAME$/, keyword: null },
    { name: /^timm\.optim\.(\w+\.)*(Lamb|create_optimizer\w*)$/, keyword: null },
  ],
  // Whoever runs a LightningLite may choose a strategy that clips.
  clipsElsewhere:
    /^deepspeed(\.(?!accelerator(\.|$)|comm(\.|$)|utils(\.|$))|$)|^detectron2\.(engine|solver)(\.|$)|\.LightningLite$|^(pytorch_)?lightning\.(pytorch\.)?lite(\.|$)/,
  descends: true,
  optimizerMethods: {
    step: { event: "step", optimizer: "receiver", closure: at(0, "closure") },
    zero_grad: { event: "zero-grad" },
    // apex and Horovod wrap optimizers in place.
    backward: { event: "backward" },
    clip_master_grads: { event: "clip", kind: "norm", parameters: null, optimizer: "receiver", threshold: at(0) },
  },
  calls: {
    "torch.nn.utils.clip_grad_norm_": norm,
    "torch.nn.utils.clip_grad_norm": { ...norm, renamed: "clip_grad_norm_" },
    "torch.nn.utils.clip_grad_value_": value,
    "torch.nn.utils.clip_grads_with_norm_": norm,
    "torch.nn.utils.*": { event: "clip", kind: "unknown", parameters: at(0, "parameters"), threshold: null },
    "apex.fp16_utils.clip_grad_norm": norm,
    "apex.contrib.clip_grad.clip_grad_norm_": norm,
    "torch.autograd.backward": { event: "backward" },
    "torch.distributed.all_reduce": { event: "reduce", gradients: at(0, "tensor") },
    // Averages the gradients over the processes, and steps.
    "torch_xla.core.xla_model.optimizer_step": { event: "step", optimizer: at(0, "optimizer") },
    "torch.amp.GradScaler().step": { event: "step", optimizer: at(0, "optimizer"), scaled: true },
    "torch.amp.GradScaler().unscale_": { event: "unscale", optimizer: at(0, "optimizer") },
    "torch.amp.GradScaler().update": { event: "rescale" },
    "torch.amp.GradScaler().scale": { event: "nothing" },
  },
  methods: {
    backward: { event: "backward" },
    clip_grad_norm_: { event: "clip", kind: "norm", parameters: null, threshold: at(0, "max_norm") },
    clip_grad_norm: { event: "clip", kind: "norm", parameters: null, threshold: at(0, "max_norm") },
    unscale_: { event: "unscale", optimizer: at(0, "optimizer") },
    zero_grad: { event: "zero-grad" },
    step: { event: "step", optimizer: "receiver", closure: at(0, "closure") },
  },
  backwardHooks: new Set(["register_post_accumulate_grad_hook"]),
  scalerMethods: {
    update: { event: "rescale" },
    step: { event: "step", optimizer: at(0, "optimizer"), scaled: true },
    unscale_: { event: "unscale", optimizer: at(0, "optimizer") },
  },
  inert:
    /^(builtins|apex\.amp|torch|torch_xla|torchvision|torchaudio|numpy|math|time|os|sys|logging|random|json|tqdm|wandb|mlflow|neptune|copy|collections|itertools|functools|pathlib|argparse|typing|warnings|gc|re|PIL|cv2|matplotlib|pandas|sklearn|scipy|gym|gymnasium|tensorboardX|tensorboard|einops|datetime|pickle|psutil|visdom|torchmetrics|evaluate|datasets|torch_geometric|torch_ema|ema_pytorch|imageio|h5py|yaml|omegaconf|hydra)(\.|$)/,
  inertMethods: new Set(
    "train eval to cuda cpu half float parameters named_parameters modules named_modules children buffers state_dict load_state_dict zero_grad requires_grad_ no_sync item detach append add extend update add_scalar log print info debug warning error write set_postfix set_description save step size view reshape mean sum backward synchronize skip_synchronize reset record_stream format join keys values items get_lr get_last_lr forward __call__".split(
      " ",
    ),
  ),
  passThrough: {
    "torch.nn.DataParallel": "first",
    "torch.nn.parallel.DataParallel": "first",
    "torch.nn.parallel.DistributedDataParallel": "first",
    "torch.compile": "first",
    "torch.jit.script": "first",
    "apex.amp.initialize": "all",
    "apex.parallel.DistributedDataParallel": "first",
    "horovod.torch.DistributedOptimizer": "first",
    // Scales each layer's learning rate, not its gradient against the others'.
    "apex.parallel.LARC": at(0, "optimizer"),
    "apex.parallel.LARC.LARC": at(0, "optimizer"),
  },
  networks: /^torch\.nn\.(Sequential|ModuleList|ModuleDict)$/,
  layers: ["torch.nn.", "torch.nn.functional.", "torchvision.models."],
  architectures: [
    { architecture: "diffusion", pattern: /^diffusers(\.|$)/ },
    { architecture: "detector", pattern: /^torchvision\.models\.detection(\.|$)/ },
    {
      architecture: "vision-transformer",
      pattern: /^(torchvision\.models\.(vit_|swin_|VisionTransformer)|vit_pytorch(\.|$))/,
    },
    {
      architecture: "transformer",
      pattern: /^torch\.nn\.(Transformer\w*|MultiheadAttention|functional\.scaled_dot_product_attention)/,
    },
    { architecture: "transformer", pattern: /^(transformers|pytorch_pretrained_bert|x_transformers|peft|trl)(\.|$)/ },
    { architecture: "recurrent", pattern: /^torch\.nn\.(LSTM|GRU|RNN|LSTMCell|GRUCell|RNNCell)\b/ },
    { architecture: "convolutional", pattern: /^(torch\.nn\.Conv\dd|torchvision\.models)(\.|$|\()/ },
  ],
  spelling: {
    place: "statement",
    function: "torch.nn.utils.clip_grad_norm_",
    write: ({ function: name, parameters, threshold }) => `${name}(${parameters}, max_norm=${threshold})`,
    // Over FSDP's flat shards each rank would clip by the norm of its own shard.
    notWith: SHARDED,
    sharded: (model, threshold) => `${model}.clip_grad_norm_(${threshold})`,
  },
  kinds: {
    value: {
      place: "statement",
      function: "torch.nn.utils.clip_grad_value_",
      write: ({ function: name, parameters, threshold }) => `${name}(${parameters}, clip_value=${threshold})`,
    },
    adaptive: {
      place: "statement",
      function: null,
      helper: ADAPTIVE,
      write: ({ function: name, parameters, threshold }) => `${name}(${parameters}, clip_factor=${threshold})`,
      notWith: SHARDED,
    },
    autoclip: {
      place: "statement",
      function: null,
      helper: AUTOCLIP,
      write: ({ function: name, parameters }) => `${name}(${parameters})`,
      notWith: SHARDED,
    },
  },
  shards: {
    wrapper: /^(torch\.distributed\.fsdp|fairscale\.nn)\.(\w+\.)*FullyShardedDataParallel$/,
    strategy: at(2, "sharding_strategy"),
    whole: /\.NO_SHARD$/,
  },
  scalesWithin: /^apex\.amp\.scale_loss\(\)$/,
  unscale: (scaler, optimizer) => `${scaler}.unscale_(${optimizer})`,
};
