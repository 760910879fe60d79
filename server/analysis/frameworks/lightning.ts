/** A LightningModule that optimises by hand. Under automatic optimisation nothing of the update is in the file. */
import { at, type Framework } from "./framework.ts";

export const lightning: Framework = {
  name: "lightning",
  title: "Lightning",
  mentions: ["lightning"],
  triggers: ["step"],
  aliases: [
    ["pytorch_lightning.LightningModule", "lightning.LightningModule"],
    ["lightning.pytorch.LightningModule", "lightning.LightningModule"],
  ],
  optimizers: /^lightning\.LightningModule\(\)\.optimizers$/,
  calls: {
    "lightning.LightningModule().manual_backward": { event: "backward" },
    "lightning.LightningModule().clip_gradients": {
      event: "clip",
      kind: "norm",
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
  inert: /^pytorch_lightning(\.|$)/,
  spelling: {
    place: "statement",
    function: null,
    write: ({ receiver, optimizer, threshold }) =>
      `${receiver}.clip_gradients(${optimizer}, gradient_clip_val=${threshold}, gradient_clip_algorithm="norm")`,
  },
};
