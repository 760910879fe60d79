/** Lightning Fabric: plain loops; the Fabric object does the backward pass, unscales and clips. */
import { at, type Framework } from "./framework.ts";

export const fabric: Framework = {
  name: "fabric",
  title: "Lightning Fabric",
  mentions: ["lightning"],
  triggers: ["step"],
  aliases: [
    ["lightning_fabric.Fabric", "lightning.fabric.Fabric"],
    ["lightning.Fabric", "lightning.fabric.Fabric"],
  ],
  calls: {
    "lightning.fabric.Fabric().backward": { event: "backward" },
    "lightning.fabric.Fabric().clip_gradients": {
      event: "clip",
      kind: "norm",
      parameters: at(0, "module"),
      optimizer: at(1, "optimizer"),
      threshold: at(3, "max_norm"),
      byValue: at(2, "clip_val"),
      raises: at(5, "error_if_nonfinite"),
      raisesByDefault: true,
      unscales: true,
    },
  },
  inert: /^(lightning|lightning_fabric)(\.|$)/,
  passThrough: {
    "lightning.fabric.Fabric().setup": "all",
    "lightning.fabric.Fabric().setup_module": "first",
    "lightning.fabric.Fabric().setup_optimizers": "all",
  },
  spelling: {
    place: "statement",
    function: null,
    // Fabric clips a module, not an iterable: only an optimizer over one whole module can be clipped so.
    write: ({ receiver, parameters, optimizer, threshold, scaled }) => {
      const module = /^([\w.]+)\.parameters\(\)$/.exec(parameters)?.[1];
      const skips = scaled ? ", error_if_nonfinite=False" : "";
      return module ? `${receiver}.clip_gradients(${module}, ${optimizer}, max_norm=${threshold}${skips})` : null;
    },
  },
  // On CPUs it takes another precision, and other strategies than these clip in ways of their own.
  scaling: [
    { place: at(4, "precision"), values: ["16-mixed", "16", 16] },
    { place: at(0, "accelerator"), values: ["auto", "gpu", "cuda"], isDefault: true },
    { place: at(1, "strategy"), values: ["auto", "dp", "ddp", "ddp_find_unused_parameters_true"], isDefault: true },
  ],
};
