/** Lightning: a trainer that clips when it is told to, and modules that optimise by hand. */
import { type ArgumentPlace, at, type ClipMode, type Framework } from "./framework.ts";
import { WHOLE } from "./lightning-strategies.ts";
import { ADAPTIVE, AUTOCLIP } from "./pytorch-helpers.ts";
import type { Helper, HookSpelling, StatementSpelling } from "./spelling.ts";

/** By these a module takes the update, or what happens before it, into its own hands. */
const OWN_UPDATE = [
  "automatic_optimization",
  "configure_gradient_clipping",
  "on_before_optimizer_step",
  "on_after_backward",
  "optimizer_step",
  "backward",
];

const MODULE = /^lightning\.LightningModule$/;
const MODEL = at(0, "model");
/** Called before the update of a module that optimises by hand, too. */
const BEFORE_UPDATE = ["on_after_backward", "on_before_optimizer_step"];

/**
 * With a helper of PyTorch's. In half precision the gradients are unscaled when these two methods are called, and not yet beside an
 * update by hand. Only the first is Lightning's own place for clipping, and is left out where a module optimises by hand.
 */
const inHook = (
  model: ArgumentPlace | null,
  helper: Helper,
  write: (name: string, parameters: string, threshold: string) => string,
): HookSpelling => ({
  place: "hook",
  model,
  base: MODULE,
  method: model
    ? {
        name: "configure_gradient_clipping",
        parameters: ["optimizer", "gradient_clip_val", "gradient_clip_algorithm"],
      }
    : { name: "on_before_optimizer_step", parameters: ["optimizer"] },
  unless: model ? OWN_UPDATE : BEFORE_UPDATE,
  helper,
  write: ({ function: name, parameters, threshold }) => write(name, parameters, threshold),
  notWith: /\.(FSDP|DeepSpeed|ModelParallel)Strategy$/,
  ...(model && { onlyIf: [{ ...WHOLE, place: at(null, "strategy") }] }),
});

const adaptive = (model: ArgumentPlace | null) =>
  inHook(model, ADAPTIVE, (name, parameters, factor) => `${name}(${parameters}, clip_factor=${factor})`);
const autoclip = (model: ArgumentPlace | null) =>
  inHook(model, AUTOCLIP, (name, parameters) => `${name}(${parameters})`);

const algorithm = (position: number | null): ClipMode => ({
  place: at(position, "gradient_clip_algorithm"),
  kinds: { norm: "norm", value: "value" },
});

/** With these precisions the loss is scaled. */
const SCALING = {
  built: "lightning.Trainer",
  told: [{ place: at(null, "precision"), values: ["16-mixed", "16", 16] }],
};

/**
 * A clip by hand, between the backward pass and the update. The precision unscales only within the update, after that: beside a
 * scaler it would keep the scale's fraction of what was asked for (2.6: with a scale of 64 and a threshold of 1, an update of 1/64).
 */
const byHand = (kind: string): StatementSpelling => ({
  place: "statement",
  function: null,
  write: ({ receiver, optimizer, threshold }) =>
    `${receiver}.clip_gradients(${optimizer}, gradient_clip_val=${threshold}, gradient_clip_algorithm="${kind}")`,
  notBeside: SCALING,
});

export const lightning: Framework = {
  name: "lightning",
  title: "Lightning",
  mentions: ["lightning"],
  triggers: ["step", "fit"],
  aliases: [
    ["pytorch_lightning.LightningModule", "lightning.LightningModule"],
    ["pytorch_lightning.core.LightningModule", "lightning.LightningModule"],
    ["pytorch_lightning.core.lightning.LightningModule", "lightning.LightningModule"],
    ["pytorch_lightning.core.module.LightningModule", "lightning.LightningModule"],
    ["lightning.pytorch.LightningModule", "lightning.LightningModule"],
    ["lightning.pytorch.core.LightningModule", "lightning.LightningModule"],
    ["lightning.pytorch.core.module.LightningModule", "lightning.LightningModule"],
    ["pytorch_lightning.Trainer", "lightning.Trainer"],
    ["pytorch_lightning.trainer.Trainer", "lightning.Trainer"],
    ["lightning.pytorch.Trainer", "lightning.Trainer"],
    ["lightning.pytorch.trainer.Trainer", "lightning.Trainer"],
  ],
  optimizers: /^lightning\.(LightningModule\(\)\.optimizers|Trainer)$/,
  settings: [
    {
      on: /^lightning\.Trainer$/,
      threshold: at(null, "gradient_clip_val"),
      kind: "norm",
      mode: algorithm(null),
      off: [0],
    },
  ],
  calls: {
    "lightning.Trainer().fit": {
      event: "step",
      optimizer: "receiver",
      managed: true,
      trains: {
        place: MODEL,
        unless: OWN_UPDATE,
        refusesWithout: {
          member: "automatic_optimization",
          because: "The module optimises by hand, where Lightning doesn't clip by itself and raises an error",
        },
      },
    },
    "lightning.LightningModule().manual_backward": { event: "backward" },
    "lightning.LightningModule().clip_gradients": {
      event: "clip",
      kind: "norm",
      mode: algorithm(2),
      parameters: null,
      optimizer: at(0, "optimizer"),
      threshold: at(1, "gradient_clip_val"),
      off: [0],
      unscales: true,
    },
    "lightning.LightningModule().toggle_optimizer": { event: "nothing" },
    "lightning.LightningModule().untoggle_optimizer": { event: "nothing" },
  },
  methods: { manual_backward: { event: "backward" } },
  beforeBackward: {
    base: MODULE,
    methods: ["training_step"],
    unless: "automatic_optimization",
    instead: { name: "on_before_optimizer_step", parameters: ["optimizer"] },
  },
  managedSpelling: { place: "argument", keyword: () => "gradient_clip_val" },
  managedKinds: {
    value: { place: "argument", keyword: () => "gradient_clip_val", also: { gradient_clip_algorithm: '"value"' } },
    adaptive: adaptive(MODEL),
    autoclip: autoclip(MODEL),
  },
  unscalesWithin: { optimizer: /^lightning\.LightningModule\(\)\.optimizers$/, ...SCALING },
  updateHooks: { optimizer: /^lightning\.LightningModule\(\)\.optimizers$/, methods: BEFORE_UPDATE },
  inert: /^(pytorch_lightning|lightning)(\.|$)/,
  spelling: byHand("norm"),
  kinds: {
    value: byHand("value"),
    adaptive: adaptive(null),
    autoclip: autoclip(null),
  },
};
