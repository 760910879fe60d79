/** Lightning: Fabric loops, and manual optimisation inside a LightningModule. */
import { at, type Framework, type Meaning } from "./framework.ts";

const fabricClip: Meaning = {
  event: "clip",
  kind: "norm",
  parameters: at(0, "module"),
  optimizer: at(1, "optimizer"),
  threshold: at(3, "max_norm"),
  unscales: true,
};

export const lightning: Framework = {
  name: "lightning",
  title: "Lightning",
  mentions: ["lightning"],
  aliases: [
    ["lightning_fabric.Fabric", "lightning.fabric.Fabric"],
    ["lightning.Fabric", "lightning.fabric.Fabric"],
    ["pytorch_lightning.LightningModule", "lightning.LightningModule"],
    ["lightning.pytorch.LightningModule", "lightning.LightningModule"],
  ],
  optimizers: /^lightning\.LightningModule\(\)\.optimizers$/,
  optimizerParameters: at(null, "params"),
  calls: {
    "lightning.fabric.Fabric().backward": { event: "backward" },
    "lightning.fabric.Fabric().clip_gradients": fabricClip,
    "lightning.LightningModule().manual_backward": { event: "backward" },
    "lightning.LightningModule().clip_gradients": {
      event: "clip",
      kind: "norm",
      parameters: null,
      optimizer: at(0, "optimizer"),
      threshold: at(1, "gradient_clip_val"),
      unscales: true,
    },
    "lightning.LightningModule().toggle_optimizer": { event: "nothing" },
    "lightning.LightningModule().untoggle_optimizer": { event: "nothing" },
  },
  methods: { manual_backward: { event: "backward" } },
  inert: /^(lightning|pytorch_lightning|lightning_fabric)(\.|$)/,
  passThrough: {
    "lightning.fabric.Fabric().setup": "all",
    "lightning.fabric.Fabric().setup_module": "first",
    "lightning.fabric.Fabric().setup_optimizers": "all",
  },
};
