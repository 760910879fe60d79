/** Lightning Fabric: plain loops; the Fabric object does the backward pass, unscales and clips. */
import { at, type Framework } from "./framework.ts";
import { WHOLE } from "./lightning-strategies.ts";
import { ADAPTIVE, AUTOCLIP } from "./pytorch-helpers.ts";
import type { Helper, StatementSpelling } from "./spelling.ts";

/** Fabric clips a module, not an iterable: only an optimizer over one whole module can be clipped so. */
const moduleOf = (parameters: string) => /^([\w.]+)\.parameters\(\)$/.exec(parameters)?.[1] ?? null;

/** With a helper of PyTorch's. It has no method that only unscales the gradients, so that clipping to infinity does. */
const byHelper = (
  helper: Helper,
  clip: (name: string, parameters: string, threshold: string) => string,
): StatementSpelling => ({
  place: "statement",
  function: null,
  helper,
  write: ({ function: name, receiver, parameters, optimizer, threshold, mayScale }) => {
    const written = clip(name, parameters, threshold);
    const module = moduleOf(parameters);
    if (!mayScale) return written;
    return module
      ? [
          `${receiver}.clip_gradients(${module}, ${optimizer}, max_norm=float("inf"), error_if_nonfinite=False)`,
          written,
        ]
      : null;
  },
  onlyIf: [WHOLE],
});

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
    write: ({ receiver, parameters, optimizer, threshold, scaled }) => {
      const module = moduleOf(parameters);
      const skips = scaled ? ", error_if_nonfinite=False" : "";
      return module ? `${receiver}.clip_gradients(${module}, ${optimizer}, max_norm=${threshold}${skips})` : null;
    },
  },
  kinds: {
    value: {
      place: "statement",
      function: null,
      write: ({ receiver, parameters, optimizer, threshold }) => {
        const module = moduleOf(parameters);
        return module ? `${receiver}.clip_gradients(${module}, ${optimizer}, clip_val=${threshold})` : null;
      },
    },
    adaptive: byHelper(ADAPTIVE, (name, parameters, factor) => `${name}(${parameters}, clip_factor=${factor})`),
    autoclip: byHelper(AUTOCLIP, (name, parameters) => `${name}(${parameters})`),
  },
  // On CPUs it takes another precision, and other strategies than these clip in ways of their own.
  scaling: [
    { place: at(4, "precision"), values: ["16-mixed", "16", 16] },
    { place: at(0, "accelerator"), values: ["auto", "gpu", "cuda"], isDefault: true },
    { place: at(1, "strategy"), values: ["auto", "dp", "ddp", "ddp_find_unused_parameters_true"], isDefault: true },
  ],
};
