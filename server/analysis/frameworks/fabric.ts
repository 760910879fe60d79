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
      raises: at(5, "error_if_nonfinite"),
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
    write: ({ receiver, parameters, optimizer, threshold }) => {
      const module = /^([\w.]+)\.parameters\(\)$/.exec(parameters)?.[1];
      return module ? `${receiver}.clip_gradients(${module}, ${optimizer}, max_norm=${threshold})` : null;
    },
  },
};
