/** DeepSpeed: an engine that does backward pass, clipping and update as its configuration says. */
import { at, type Framework, STEPS } from "./framework.ts";

export const deepspeed: Framework = {
  name: "deepspeed",
  title: "DeepSpeed",
  mentions: ["deepspeed"],
  triggers: [STEPS],
  optimizers: /^$/,
  settings: [
    {
      on: /^dict$/,
      threshold: at(null, "gradient_clipping"),
      kind: "norm",
      off: [0],
      changed: {
        distribution: "deepspeed",
        values: [
          { since: "0", threshold: null },
          { since: "0.19.3", threshold: 1 },
        ],
      },
    },
  ],
  carries: { "deepspeed.initialize": at(null, "config") },
  calls: {
    "deepspeed.initialize()[0].backward": { event: "backward" },
    "deepspeed.initialize()[0].step": { event: "step", optimizer: "receiver", managed: true },
  },
  managedSpelling: { place: "entry", configuration: at(null, "config"), key: "gradient_clipping" },
  inert: /^deepspeed(\.|$)/,
};
